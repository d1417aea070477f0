import type { ReactNode } from 'react'
import { StateMark, type MarkState } from './StateMark.tsx'

const GROUNDS: Record<MarkState, string> = { ok: 'bg-ok-soft text-ok', warn: 'bg-warn-soft text-warn', bad: 'bg-bad-soft text-bad', info: 'bg-info-soft text-info', idle: 'bg-sunken text-muted' }

/** A sentence that must be seen where it matters: what is wrong, and what is still true. */
export function Notice({ state, children, action }: { state: MarkState; children: ReactNode; action?: ReactNode }) {
  return (
    <div role={state === 'bad' ? 'alert' : 'status'} className={`flex items-start gap-2.5 rounded-md px-3 py-2 text-base ${GROUNDS[state]}`}>
      <StateMark state={state} className="mt-[5px]" />
      <div className="min-w-0 flex-1 break-words">{children}</div>
      {action}
    </div>
  )
}
