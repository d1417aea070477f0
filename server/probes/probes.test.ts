import { expect, test } from 'vitest'
import { HealthProbeSpec, type ProbeResult } from '../contracts/health-probe.ts'
import { advance, UNKNOWN, worstOf, type ProbeState } from './advance.ts'
import { judgeHeadroom, numberIn, sumMetric } from './headroom.ts'
import { findAt, judgeAnswer } from './judge.ts'
import { pauseMs } from './schedule.ts'

const specOf = (more: object = {}) => HealthProbeSpec.parse({ targetRefs: [{ name: 'loom' }], check: { type: 'TCP' }, ...more })
const run = (spec: HealthProbeSpec, looks: (boolean | ProbeResult['said'])[]) => {
  const states: string[] = []
  looks.reduce<ProbeState>((state, look) => {
    const next = advance(state, typeof look === 'boolean' ? { ok: look, said: null } : { ok: true, said: look }, spec)
    states.push(next.state)
    return next
  }, UNKNOWN)
  return states
}

test.each([
  ['one bad look of two is not enough', specOf(), [true, false, true, false], ['ready', 'ready', 'ready', 'ready']],
  ['two in a row take it down, one good look brings it back', specOf(), [false, false, false, true], ['ready', 'down', 'down', 'ready']],
  ['back after three good looks where that is asked', specOf({ successThreshold: 3 }), [false, false, true, true, true], ['ready', 'down', 'down', 'down', 'ready']],
  ['degraded where a failure means that', specOf({ failureThreshold: 1, onFailure: 'degraded', successThreshold: 2 }), [false, true, true], ['degraded', 'degraded', 'ready']],
  ['its own word counts at once', specOf(), ['overloaded', true, 'draining', 'asleep', 'ready'], ['overloaded', 'ready', 'draining', 'asleep', 'ready']],
  ['a sleeper that calls may wake gets some', specOf({ whenAsleep: 'wake' }), ['asleep'], ['degraded']],
] as const)('%s', (_, spec, looks, states) => {
  expect(run(spec, [...looks])).toEqual(states)
})

test('of several probes the worst counts', () => {
  expect(worstOf([])).toBe('ready')
  expect(worstOf(['ready', 'overloaded', 'degraded'])).toBe('overloaded')
  expect(worstOf(['down', 'asleep'])).toBe('down')
})

test('pauses have jitter, and grow while an instance stays away, up to a bound', () => {
  const spec = { intervalSeconds: 10, jitter: 0.1 }
  expect([0, 5, 6, 7, 20].map((failures) => pauseMs(spec, failures, 0.5))).toEqual([10_000, 10_000, 20_000, 40_000, 80_000])
  expect([pauseMs(spec, 0, 0), pauseMs(spec, 0, 1)].map(Math.round)).toEqual([9000, 11_000])
})

test.each([
  [{ regex: '^ok$' }, 'ok', null],
  [{ regex: '^ok$' }, 'nonsense', 'does not match'],
  [{ jsonPath: '$.result.parts[0].text', equals: 'ja' }, '{"result":{"parts":[{"text":"ja"}]}}', null],
  [{ jsonPath: '$.result.parts[0].text', equals: 'ja' }, '{"result":{"parts":[{"text":"nein"}]}}', 'stands “nein”'],
  [{ jsonPath: '$.result' }, '{}', 'nothing at'],
  [{ jsonPath: '$.result' }, 'no JSON', 'nothing at'],
  [{ regex: '(a+)+$' }, `${'a'.repeat(40)}b`, 'longer than 100 ms'],
])('%j judges %s', (expectation, answer, verdict) => {
  const found = judgeAnswer({ similarityMin: 0.6, ...expectation }, answer)
  if (verdict === null) expect(found).toBeNull()
  else expect(found).toContain(verdict)
})

test('a path reads own fields alone', () => {
  expect(findAt('{"a":1}', '$.constructor')).toBeUndefined()
  expect(findAt('[[1,2]]', '$[0][1]')).toBe(2)
})

test.each([
  [{ check: { type: 'Nothing' } }], [{ check: { type: 'Task', text: 'x' } }], [{ intervalSeconds: 0 }], [{ jitter: 2 }], [{ targetRefs: [] }], [{ check: { type: 'HTTP', path: 'no-slash' } }], [{ check: { type: 'HTTP', statuses: [9] } }],
  [{ check: { type: 'Task', text: 'x', expect: { jsonPath: 'a.b' } } }], [{ perHourMax: 0 }], [{ from: 'elsewhere' }], [{ unknown: true }],
  [{ headroom: {} }], [{ headroom: { header: 'x-free', metric: { name: 'queue' } } }], [{ headroom: { metric: { name: 'no name' } } }], [{ headroom: { metric: { name: 'queue', path: 'http://10.0.0.1/' } } }], [{ headroom: { metric: { name: 'queue', labels: { 'a-b': 'c' } } } }],
])('%j is refused by the schema', (more) => {
  expect(HealthProbeSpec.safeParse({ targetRefs: [{ name: 'loom' }], check: { type: 'TCP' }, ...more }).success).toBe(false)
})

const METRICS = ['# HELP queue_depth waiting', '# TYPE queue_depth gauge', 'queue_depth{queue="main",note="a \\"}\\" b"} 3', 'queue_depth{queue="slow"} 4e1 1700000000000', 'queue_depth_max 100', 'tokens_left NaN', 'tokens 7\r', 'free{pool="a"} +Inf', 'broken', 'queue_depth{queue='].join('\n')

test.each([
  [{ name: 'queue_depth' }, 43],
  [{ name: 'queue_depth', labels: { queue: 'main' } }, 3],
  [{ name: 'queue_depth', labels: { queue: 'main', note: 'a "}" b' } }, 3],
  [{ name: 'queue_depth', labels: { queue: 'other' } }, null],
  [{ name: 'queue' }, null],
  [{ name: 'tokens_left' }, null],
  [{ name: 'tokens' }, 7],
  [{ name: 'free' }, Infinity],
  [{ name: 'broken' }, null],
])('%j of the exposition is %s', (metric, value) => {
  expect(sumMetric(METRICS, { path: '/metrics', labels: {}, ...metric })).toBe(value)
})

test('a number is judged by what is left, or by what piles up', () => {
  expect([20, 5, 1].map((value) => judgeHeadroom({ header: 'x', degradedBelow: 10, overloadedBelow: 2 }, value))).toEqual([null, 'degraded', 'overloaded'])
  expect([20, 50, 200].map((value) => judgeHeadroom({ header: 'x', degradedAbove: 40, overloadedAbove: 100 }, value))).toEqual([null, 'degraded', 'overloaded'])
  expect([numberIn({ 'x-free': '3' }, 'X-Free'), numberIn({ 'x-free': 'many' }, 'x-free'), numberIn({ 'x-free': '' }, 'x-free'), numberIn({}, 'x-free')]).toEqual([3, null, null, null])
})
