import { classes } from './classes.ts'

/** Every state that a thing can be in, with a shape as well as a colour: round, diamond, triangle, hollow. */
export type MarkState = 'ok' | 'warn' | 'bad' | 'idle' | 'info'

const SHAPES: Record<MarkState, { className: string; path: string; hollow?: boolean }> = {
  ok: { className: 'text-ok', path: 'M6 2a4 4 0 100 8 4 4 0 000-8z' },
  warn: { className: 'text-warn', path: 'M6 1l5 5-5 5-5-5z' },
  bad: { className: 'text-bad', path: 'M6 1l5.5 10h-11z' },
  idle: { className: 'text-idle', path: 'M6 2.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7z', hollow: true },
  info: { className: 'text-info', path: 'M2.5 2.5h7v7h-7z' },
}

/** The shape of a state. `label` is read out; leave it out only where the word stands beside it. */
export function StateMark({ state, label, size = 11, className }: { state: MarkState; label?: string; size?: number; className?: string }) {
  const shape = SHAPES[state]
  return (
    <svg viewBox="0 0 12 12" width={size} height={size} className={classes('flex-none', shape.className, className)} role={label ? 'img' : undefined} aria-label={label} aria-hidden={label ? undefined : true}>
      <path d={shape.path} fill={shape.hollow ? 'none' : 'currentColor'} stroke={shape.hollow ? 'currentColor' : 'none'} strokeWidth={1.5} />
    </svg>
  )
}
