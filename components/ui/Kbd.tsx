import type { ReactNode } from 'react'

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="inline-block rounded-sm border border-b-2 border-line-strong px-1 py-[2px] text-xs leading-none font-medium text-muted">{children}</kbd>
}
