// Two configurations over one labelled set: pure arithmetic over what each chose for each task.
import type { Comparison } from '../contracts/semantic.ts'
import { evaluate, type Judged } from './evaluate.ts'

const CHANGED_SHOWN = 200

/** Both lists are of the same tasks in the same order. */
export function compareJudged(one: readonly Judged[], other: readonly Judged[]): Comparison {
  const pairs = one.flatMap((mine, index) => {
    const theirs = other[index]
    return theirs ? [{ task: mine.task, chosen: mine.chosen, other: theirs.chosen }] : []
  })
  const better = pairs.filter(({ task, chosen, other }) => other === task.agent && chosen !== task.agent).length
  const worse = pairs.filter(({ task, chosen, other }) => chosen === task.agent && other !== task.agent).length
  const { latencyMs: _ofAnother, ...evaluation } = evaluate(other) // its vectors were remembered: no call would be so fast
  return {
    other: evaluation,
    better,
    worse,
    byChance: signTest(better, worse),
    changed: pairs.filter(({ chosen, other }) => chosen !== other).slice(0, CHANGED_SHOWN).map(({ task, chosen, other }) => ({ task: task.task, wanted: task.agent, chosen, other })),
  }
}

/** Probability that fair coins fall at least as unevenly as `wins` to `losses`; 1 without any. */
export function signTest(wins: number, losses: number): number {
  const tosses = wins + losses
  let [term, sum] = [tosses * -Math.LN2, 0] // by logarithms: 2^-5000 is no number
  for (let n = 0; n <= Math.min(wins, losses); n++) {
    sum += Math.exp(term)
    term += Math.log(tosses - n) - Math.log(n + 1)
  }
  return Math.min(1, 2 * sum)
}
