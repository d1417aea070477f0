import { Icon } from '#components/ui/Icon.tsx'

export type StepState = 'done' | 'now' | 'bad' | 'waits' | 'held'

const LOOKS: Record<StepState, string> = {
  done: 'border-ok bg-ok text-surface',
  bad: 'border-bad bg-bad text-surface',
  held: 'border-warn bg-warn text-surface',
  now: 'border-accent motion-safe:animate-pulse',
  waits: 'border-line-strong',
}

/** Where one step of several stands, with a sign as well as a colour. */
export function StepMark({ state }: { state: StepState }) {
  return (
    <span role="img" aria-label={{ done: 'done', bad: 'failed', held: 'held up', now: 'under way', waits: 'not yet' }[state]} className={`mt-px grid size-[18px] flex-none place-items-center rounded-full border-[1.6px] text-xs font-bold leading-none ${LOOKS[state]}`}>
      {state === 'done' ? <Icon name="check" size={11} /> : state === 'bad' || state === 'held' ? '!' : state === 'now' ? <i className="size-1.5 rounded-full bg-accent" /> : null}
    </span>
  )
}
