import { Icon } from '#components/ui/Icon.tsx'

const STEPS = ['Edit', 'Review', 'Applied'] as const
export type Step = 'edit' | 'review' | 'applied'

/** Where a change stands. */
export function Steps({ at }: { at: Step }) {
  const current = STEPS.findIndex((step) => step.toLowerCase() === at)
  return (
    <ol aria-label="Steps of a change" className="m-0 mb-4 flex list-none items-center p-0 text-base text-muted">
      {STEPS.map((step, index) => (
        <li key={step} aria-current={index === current ? 'step' : undefined} className="flex items-center">
          {index > 0 && <span aria-hidden="true" className="mx-2.5 h-[1.5px] w-6 bg-line-strong sm:w-8" />}
          <span className={`mr-[7px] grid size-5 place-items-center rounded-full border-[1.5px] text-xs ${index <= current ? 'border-accent bg-accent text-on-accent' : 'border-line-strong'}`}>
            {index < current ? <Icon name="check" size={11} /> : index + 1}
          </span>
          <span className={index === current ? 'font-medium text-text' : ''}>{step}</span>
        </li>
      ))}
    </ol>
  )
}
