import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'

/** Which kind of empty it is: nothing there yet, nothing there for a good reason, a filter hides it, you may not see it, or its source does not answer. */
export type EmptyKind = 'no-data' | 'well' | 'filtered' | 'forbidden' | 'down'

const ICONS: Record<EmptyKind, IconName> = { 'no-data': 'plus', well: 'check', filtered: 'filter', forbidden: 'lock', down: 'warning' }

/** An empty place says which kind of empty, and what to do next. */
export function EmptyState({ kind, title, children, action }: { kind: EmptyKind; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div role={kind === 'down' ? 'alert' : undefined} data-empty={kind} className="flex gap-3 px-3 py-6">
      <span className={`mt-0.5 grid h-7 w-7 flex-none place-items-center rounded-full ${kind === 'down' ? 'bg-bad-soft text-bad' : 'bg-accent-soft text-muted'}`}>
        <Icon name={ICONS[kind]} size={15} />
      </span>
      <div className="grid min-w-0 justify-items-start gap-1">
        <p className="m-0 font-medium">{title}</p>
        {children && <div className="min-w-0 max-w-[68ch] text-base text-muted">{children}</div>}
        {action && <div className="mt-2 flex flex-wrap gap-2">{action}</div>}
      </div>
    </div>
  )
}
