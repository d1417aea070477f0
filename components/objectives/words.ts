import { OBJECTIVE_WINDOWS, type ObjectiveSpec, type ObjectiveStatus } from '#server/contracts/objective.ts'
import { formatMs } from '#components/ui/format.ts'
import type { MarkState } from '#components/ui/StateMark.tsx'

export const STATE_MARK: Record<ObjectiveStatus['state'], MarkState> = { met: 'ok', burning: 'bad', spent: 'warn', 'no data': 'idle' }
export const SPEED_WORDS = { fast: '2 % of the budget in an hour', slow: '5 % of the budget in six hours' } as const
export const WINDOWS = OBJECTIVE_WINDOWS.map((id) => ({ id, title: `${Number.parseInt(id, 10)} days` }))

/** `98.5 % of calls from writer succeed`. */
export function describeAim({ indicator, percent, from }: ObjectiveSpec): string {
  const good = indicator.type === 'Success' ? 'succeed' : `are answered within ${formatMs(indicator.withinMs)}`
  return `${percent} % of calls${from ? ` from ${from.name}` : ''} ${good}`
}

/** An objective in sentences: what it is about, what it allows, and who hears of it. */
export function describeObjective(spec: ObjectiveSpec): string[] {
  const days = Number.parseInt(spec.window, 10)
  const each = Math.round(100 / (100 - spec.percent))
  return [
    `Of ${spec.targetRef.name}, ${describeAim(spec)}, over ${days} days.`,
    `That allows one bad call in ${each}.`,
    `An alert begins when ${SPEED_WORDS.fast} is spent, or ${SPEED_WORDS.slow}.`,
    spec.notify.length === 0 ? 'Nobody is told; the console shows it.' : `It tells ${spec.notify.join(', ')}.`,
  ]
}
