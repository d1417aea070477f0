import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { StateMark, type MarkState } from './StateMark.tsx'

const TONES = { plain: 'bg-sunken text-muted', ok: 'bg-ok-soft text-ok', warn: 'bg-warn-soft text-warn', bad: 'bg-bad-soft text-bad', info: 'bg-info-soft text-info', idle: 'bg-sunken text-muted' } as const

/** A short word on a tinted ground. With `state` it carries that state's shape too. */
export function Tag({ tone, state, title, children }: { tone?: keyof typeof TONES; state?: MarkState; title?: string; children: ReactNode }) {
  return (
    <span title={title} className={classes('inline-flex h-[22px] max-w-full items-center gap-1.5 rounded-full px-2 text-xs font-medium whitespace-nowrap', TONES[tone ?? state ?? 'plain'])}>
      {state && <StateMark state={state} size={9} />}
      <span className="truncate">{children}</span>
    </span>
  )
}
