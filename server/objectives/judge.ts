// Whether an objective is kept, from counts alone: multi-window, multi-burn-rate alerts. https://sre.google/workbook/alerting-on-slos/
import type { ObjectiveSpec, ObjectiveState } from '../contracts/objective.ts'

export type Speed = 'fast' | 'slow'

/** `calls`: or tasks, or calls of models, whichever the indicator is about. */
export interface Count {
  calls: number
  good: number
  /** Of a cost alone: what models cost, and tokens whose price nobody knows. */
  spent?: number
  unpricedTokens?: number
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
/** Fewer bad calls than this are no alert, whatever their share: at night one of three calls may fail. Of a cost, fewer calls at all. */
const BAD_MIN = 5

export interface Judgement {
  state: ObjectiveState
  /** The alert that runs from now on, or null. */
  speed: Speed | null
  burn: Record<Look, number | null>
  budgetLeft: number | null
}

/** `running`: the alert until now. It ends when calls come and go well again, or when there are none to say anything. */
export function judge(spec: Pick<ObjectiveSpec, 'indicator' | 'percent' | 'window'>, counts: Counts, running: Speed | null): Judgement {
  const isCost = spec.indicator.type === 'Cost'
  const burnOf = isCost ? (look: Look | 'window') => costBurn(spec, counts, look) : (look: Look | 'window') => shareBurn(spec, counts[look])
  const badOf = ({ calls, good }: Count) => (isCost ? calls : calls - good)
  const burn = Object.fromEntries(Object.keys(LOOKS).map((look) => [look, burnOf(look as Look)])) as Judgement['burn'] // the same keys
  const exceeds = (look: Look, speed: Speed) => (burn[look] ?? 0) >= thresholdOf(spec, speed)
  const begins = (speed: Speed) => exceeds(RULES[speed].long, speed) && exceeds(RULES[speed].short, speed) && badOf(counts[RULES[speed].long]) >= BAD_MIN
  const goesOn = (speed: Speed) => counts[RULES[speed].long].calls > 0 && (counts[RULES[speed].short].calls === 0 || exceeds(RULES[speed].short, speed))
  const speed = begins('fast') ? 'fast' : running !== null && goesOn(running) ? running : begins('slow') ? (running ?? 'slow') : null
  const spent = burnOf('window')
  const budgetLeft = spent === null ? null : Math.max(0, 1 - spent)
  const state = speed !== null ? 'burning' : counts['1h'].calls === 0 || spent === null ? 'no data' : budgetLeft === 0 ? 'spent' : 'met'
  return { state, speed, burn, budgetLeft }
}

function shareBurn({ percent = 0 }: Pick<ObjectiveSpec, 'percent'>, { calls, good }: Count): number | null {
  return calls === 0 ? null : (calls - good) / calls / ((100 - percent) / 100)
}

/** An agent of which no cost is known in all of the window has none to judge: its spans name no model, or nobody has set a price. */
function costBurn(spec: Pick<ObjectiveSpec, 'indicator' | 'window'>, counts: Counts, look: Look | 'window'): number | null {
  const allowed = allowedCost(spec, counts, look)
  return !counts.window.spent || allowed === 0 ? null : (counts[look].spent ?? 0) / allowed
}

/** What may be spent in this time, in the currency of the prices. */
export function allowedCost({ indicator, window }: Pick<ObjectiveSpec, 'indicator' | 'window'>, counts: Counts, look: Look | 'window'): number {
  if (indicator.type !== 'Cost') return 0
  return indicator.atMost * (indicator.per === 'call' ? counts[look].calls : (look === 'window' ? windowSeconds(window) : LOOKS[look]) / 3600)
}

/** The burn from which an alert begins: with 28 days 13.4 and 5.6. */
export function thresholdOf({ window }: Pick<ObjectiveSpec, 'window'>, speed: Speed): number {
  const { long, budget } = RULES[speed]
  return (budget * windowSeconds(window)) / LOOKS[long]
}

export function windowSeconds(window: ObjectiveSpec['window']): number {
  return Number.parseInt(window, 10) * DAY_S
}
