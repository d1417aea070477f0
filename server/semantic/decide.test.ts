import { expect, test } from 'vitest'
import { SemanticRule } from '../contracts/agent-route.ts'
import { chooseAgent, type Scored } from './decide.ts'
import { auroc, evaluate, type Judged } from './evaluate.ts'

const WELL = { usable: true, allowed: true, health: 1, load: 1, latency: 1, price: 1 }
const scored = (agent: string, similarity: number | null, measures: Partial<Scored['measures']> = {}): Scored => ({ agent, skill: 's', similarity, measures: { ...WELL, ...measures } })
const rule = (more: object = {}) => SemanticRule.parse(more)

test.each([
  ['the nearest', [scored('a', 0.5), scored('b', 0.6)], {}, 'b'],
  ['nobody below the floor', [scored('a', 0.29)], { floor: 0.3 }, null],
  ['nobody when two are too near', [scored('a', 0.5), scored('b', 0.52)], { margin: 0.05 }, null],
  ['the nearest when the second is below the floor', [scored('a', 0.29), scored('b', 0.31)], { floor: 0.3, margin: 0.05 }, 'b'],
  ['health decides between equals', [scored('a', 0.5, { health: 0.5 }), scored('b', 0.5)], {}, 'b'],
  ['load decides between equals', [scored('a', 0.5, { load: 0 }), scored('b', 0.5)], {}, 'b'],
  ['price where it has a weight', [scored('a', 0.52), scored('b', 0.5, { price: 1 }), scored('c', 0.53, { price: 0 })], { weights: { price: 1 } }, 'a'],
  ['equals go by name', [scored('b', 0.5), scored('a', 0.5)], {}, 'a'],
  ['nobody that may not be called, however near', [scored('a', 0.99, { allowed: false }), scored('b', 0.4)], {}, 'b'],
  ['nobody that is down', [scored('a', 0.99, { usable: false })], {}, null],
  ['nobody that says nothing', [scored('a', null)], {}, null],
  ['nobody of none', [], {}, null],
])('%s', (_, candidates, more, wanted) => {
  const forwards = chooseAgent(candidates, rule(more))
  expect(forwards.agent).toBe(wanted)
  expect(chooseAgent(candidates.toReversed(), rule(more))).toEqual(forwards) // the order of the candidates says nothing
  expect(forwards.candidates.filter(({ why }) => why === null)).toHaveLength(wanted === null ? 0 : 1)
})

test.each([[{ floor: 2 }], [{ margin: -1 }], [{ weights: { health: 11 } }], [{ weights: { beauty: 1 } }], [{ mode: 'maybe' }], [{ stickiness: 'always' }], [{ storeText: 'yes' }]])('the rule %j is refused', (bad) => {
  expect(SemanticRule.safeParse(bad).success).toBe(false)
})

test('an evaluation counts what it says', () => {
  const judged = (agent: string | null, chosen: string | null, confidence: number, nearest = chosen ?? 'a'): Judged => ({ task: { task: 't', agent }, chosen, nearest, confidence, durationMs: 1 })
  const result = evaluate([judged('a', 'a', 0.9), judged('a', 'b', 0.5), judged('b', 'b', 0.8), judged('b', null, 0.2, 'b'), judged(null, null, 0.1), judged(null, 'a', 0.4)])
  expect(result).toMatchObject({ tasks: 6, accuracy: 0.5, coverage: 4 / 6, accuracyWithFallback: 3 / 6, outOfScopeAuroc: 7 / 8 })
  expect(result.macroF1).toBeCloseTo((0.5 + 0.5) / 2)
  expect(result.confusion).toContainEqual({ wanted: 'a', chosen: 'b', tasks: 1 })
  expect(result.wrong).toHaveLength(3)
  expect(auroc([1, 2], [1, 2])).toBe(0.5)
  expect(auroc([], [1])).toBeNull()
})
