// Whether an objective is kept, from counts alone: multi-window, multi-burn-rate alerts. https://sre.google/workbook/alerting-on-slos/
import type { ObjectiveSpec, ObjectiveState } from '../contracts/objective.ts'

export type Speed = 'fast' | 'slow'

export interface Count {
  calls: number
  good: number
}

/** Times that are looked at, in seconds. */
export const LOOKS = { '5m': 300, '30m': 1800, '1h': 3600, '6h': 21_600 } as const
export type Look = keyof typeof LOOKS
export type Counts = Record<Look | 'window', Count>

const DAY_S = 86_400

/** An alert begins when so large a share of the budget goes in the long time, and it still goes so in the short one. */
const RULES: Record<Speed, { long: Look; short: Look; budget: number }> = {
  fast: { long: '1h', short: '5m', budget: 0.02 },
  slow: { long: '6h', short: '30m', budget: 0.05 },
}
/** Fewer bad calls than this are no alert, whatever their share: at night one of three calls may fail. */
const BAD_MIN = 5

export interface Judgement {
  state: ObjectiveState
  /** The alert that runs from now on, or null. */
  speed: Speed | null
  burn: Record<Look, number | null>
  budgetLeft: number | null
}

/** `running`: the alert until now. It ends when calls come and go well again, or when there are none to say anything. */
export function judge(spec: Pick<ObjectiveSpec, 'percent' | 'window'>, counts: Counts, running: Speed | null): Judgement {
  const allowed = (100 - spec.percent) / 100
  const burnOf = (look: Look | 'window') => (counts[look].calls === 0 ? null : (counts[look].calls - counts[look].good) / counts[look].calls / allowed)
  const burn = Object.fromEntries(Object.keys(LOOKS).map((look) => [look, burnOf(look as Look)])) as Judgement['burn'] // the same keys
  const exceeds = (look: Look, speed: Speed) => (burn[look] ?? 0) >= thresholdOf(spec, speed)
  const begins = (speed: Speed) => exceeds(RULES[speed].long, speed) && exceeds(RULES[speed].short, speed) && counts[RULES[speed].long].calls - counts[RULES[speed].long].good >= BAD_MIN
  const goesOn = (speed: Speed) => counts[RULES[speed].long].calls > 0 && (counts[RULES[speed].short].calls === 0 || exceeds(RULES[speed].short, speed))
  const speed = begins('fast') ? 'fast' : running !== null && goesOn(running) ? running : begins('slow') ? (running ?? 'slow') : null
  const spent = burnOf('window')
  const budgetLeft = spent === null ? null : Math.max(0, 1 - spent)
  const state = speed !== null ? 'burning' : counts['1h'].calls === 0 ? 'no data' : budgetLeft === 0 ? 'spent' : 'met'
  return { state, speed, burn, budgetLeft }
}

/** The burn from which an alert begins: with 28 days 13.4 and 5.6. */
export function thresholdOf({ window }: Pick<ObjectiveSpec, 'window'>, speed: Speed): number {
  const { long, budget } = RULES[speed]
  return (budget * windowSeconds(window)) / LOOKS[long]
}

export function windowSeconds(window: ObjectiveSpec['window']): number {
  return Number.parseInt(window, 10) * DAY_S
}
