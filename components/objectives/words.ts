import { OBJECTIVE_WINDOWS, type ObjectiveSpec, type ObjectiveStatus } from '#server/contracts/objective.ts'
import { formatMs } from '#components/ui/format.ts'
import type { MarkState } from '#components/ui/StateMark.tsx'

export const STATE_MARK: Record<ObjectiveStatus['state'], MarkState> = { met: 'ok', burning: 'bad', spent: 'warn', 'no data': 'idle' }
export const SPEED_WORDS = { fast: '2 % of the budget in an hour', slow: '5 % of the budget in six hours' } as const
export const WINDOWS = OBJECTIVE_WINDOWS.map((id) => ({ id, title: `${Number.parseInt(id, 10)} days` }))

/** `98.5 % of calls from writer succeed`; `models cost at most 0.05 a call`. */
export function describeAim({ indicator, percent, from }: ObjectiveSpec): string {
  const whose = from ? ` from ${from.name}` : ''
  switch (indicator.type) {
    case 'Success':
      return `${percent} % of calls${whose} succeed`
    case 'Latency':
      return `${percent} % of calls${whose} are answered within ${formatMs(indicator.withinMs)}`
    case 'TaskOutcome':
      return `${percent} % of tasks${whose} are completed`
    case 'Cost':
      return `models cost at most ${indicator.atMost} ${indicator.per === 'call' ? 'a call' : 'an hour'}${from ? ` for ${from.name}` : ''}`
  }
}

/** What is counted. */
export function countedBy({ indicator }: Pick<ObjectiveSpec, 'indicator'>): string {
  return indicator.type === 'TaskOutcome' ? 'task' : indicator.type === 'Cost' && indicator.per === 'hour' ? 'call of a model' : 'call'
}

/** An objective in sentences: what it is about, what it allows, and who hears of it. */
export function describeObjective(spec: ObjectiveSpec): string[] {
  const days = Number.parseInt(spec.window, 10)
  return [
    `Of ${spec.targetRef.name}, ${describeAim(spec)}, over ${days} days.`,
    spec.percent === undefined ? 'Prices are those on the page Sessions; tokens without a price are left out.' : `That allows one bad ${countedBy(spec)} in ${Math.round(100 / (100 - spec.percent))}.`,
    `An alert begins when ${SPEED_WORDS.fast} is spent, or ${SPEED_WORDS.slow}.`,
    spec.notify.length === 0 ? 'Nobody is told; the console shows it.' : `It tells ${spec.notify.join(', ')}.`,
  ]
}
