// How well a configuration chooses over a labelled set: pure arithmetic over choices that were made for each task.
import type { Evaluation, LabelledTask } from '../contracts/semantic.ts'

/** One task with what was chosen at the floor in force, and who would be chosen were there no floor. */
export interface Judged {
  task: LabelledTask
  chosen: string | null
  nearest: string | null
  confidence: number | null
  /** Null where it was not timed. */
  durationMs: number | null
}

const WRONG_SHOWN = 200
const NOBODY = '-'

export function evaluate(judged: readonly Judged[]): Evaluation {
  const meant = judged.filter(({ task }) => task.agent !== null)
  const thresholds = thresholdsOf(judged)
  const best = thresholds.reduce((best, one) => (one.accuracyWithFallback > best.accuracyWithFallback ? one : best))
  return {
    tasks: judged.length,
    accuracy: meant.length === 0 ? null : shareOf(meant, ({ task, chosen }) => chosen === task.agent),
    macroF1: macroF1(judged),
    accuracyWithFallback: shareOf(judged, ({ task, chosen }) => chosen === task.agent),
    coverage: shareOf(judged, ({ chosen }) => chosen !== null),
    outOfScopeAuroc: auroc(meant.map(confidenceOf), judged.filter(({ task }) => task.agent === null).map(confidenceOf)),
    confusion: confusionOf(judged),
    thresholds,
    suggestedFloor: best.floor,
    latencyMs: latencyOf(judged.flatMap(({ durationMs }) => durationMs ?? [])),
    wrong: judged.filter(({ task, chosen }) => chosen !== task.agent).slice(0, WRONG_SHOWN).map(({ task, chosen, confidence }) => ({ task: task.task, wanted: task.agent, chosen, confidence })),
  }
}

const confidenceOf = ({ confidence }: Judged) => confidence ?? -1

function shareOf<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length
}

/** Mean over the agents that a task is meant for; null without one. */
function macroF1(judged: readonly Judged[]): number | null {
  const agents = [...new Set(judged.flatMap(({ task }) => task.agent ?? []))]
  if (agents.length === 0) return null
  const scores = agents.map((agent) => {
    const right = judged.filter(({ task, chosen }) => task.agent === agent && chosen === agent).length
    const chosen = judged.filter((one) => one.chosen === agent).length
    const wanted = judged.filter(({ task }) => task.agent === agent).length
    return right === 0 ? 0 : (2 * right) / (chosen + wanted)
  })
  return scores.reduce((sum, score) => sum + score, 0) / scores.length
}

/** Probability that a task for somebody has more confidence than one for nobody; ties count half. */
export function auroc(inScope: readonly number[], outOfScope: readonly number[]): number | null {
  if (inScope.length === 0 || outOfScope.length === 0) return null
  const all = [...inScope.map((value) => ({ value, inScope: true })), ...outOfScope.map((value) => ({ value, inScope: false }))].sort((a, b) => a.value - b.value)
  let ranks = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    while (to < all.length && all[to]?.value === all[from]?.value) to++
    const rank = (from + to + 1) / 2 // the mean rank of equals, counted from 1
    ranks += rank * all.slice(from, to).filter((one) => one.inScope).length
    from = to
  }
  return (ranks - (inScope.length * (inScope.length + 1)) / 2) / (inScope.length * outOfScope.length)
}

function confusionOf(judged: readonly Judged[]): Evaluation['confusion'] {
  const counts = Map.groupBy(judged, ({ task, chosen }) => `${task.agent ?? NOBODY}\n${chosen ?? NOBODY}`)
  return [...counts].map(([key, list]) => {
    const [wanted = NOBODY, chosen = NOBODY] = key.split('\n')
    return { wanted, chosen, tasks: list.length }
  }).sort((a, b) => (a.wanted < b.wanted ? -1 : a.wanted > b.wanted ? 1 : b.tasks - a.tasks))
}

/** What each floor would have done: above it the nearest agent, below it the fallback. */
function thresholdsOf(judged: readonly Judged[]): Evaluation['thresholds'] {
  return Array.from({ length: 20 }, (_, step) => step * 0.05).map((at) => {
    const floor = Number(at.toFixed(2))
    const chosen = judged.map((one) => ({ ...one, chosen: confidenceOf(one) >= floor ? one.nearest : null }))
    const covered = chosen.filter((one) => one.chosen !== null)
    return {
      floor,
      coverage: shareOf(chosen, (one) => one.chosen !== null),
      accuracyOfChosen: covered.length === 0 ? null : shareOf(covered, (one) => one.chosen === one.task.agent),
      accuracyWithFallback: shareOf(chosen, (one) => one.chosen === one.task.agent),
    }
  })
}

function latencyOf(durations: readonly number[]): Evaluation['latencyMs'] {
  const sorted = durations.toSorted((a, b) => a - b)
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(3))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
