import { expect, test } from 'vitest'
import { seeded } from '#server/testing/seeded.ts'
import { differenceOf } from './count-calls.ts'
import type { Call } from './trace-calls.ts'

const call = (timeUs: number, fields: Partial<Call> = {}): Call => ({
  source: 'agent/default/a', sourceVersion: '', target: 'agent/default/b', targetVersion: '', protocol: 'http', evidence: 'spans', timeUs, durationUs: 1,
  outcome: 'ok', retries: 0, bytesSent: 0, bytesReceived: 0, inputTokens: 0, outputTokens: 0, ...fields,
})
const times = (calls: readonly Call[]) => calls.map(({ timeUs }) => timeUs)

test('of a trace that grew only what is new, or other than before, is counted', () => {
  const { gone, come } = differenceOf([call(1), call(2), call(5)], [call(1), call(2, { outcome: 'error' }), call(3), call(5)])
  expect([times(gone), times(come)]).toEqual([[2], [2, 3]])
  expect(come[0]?.outcome).toBe('error')
})

test('whatever changed, before less what is gone and with what has come is after', () => {
  const next = seeded(20261123)
  for (let round = 0; round < 500; round++) {
    const some = () => Array.from({ length: Math.floor(next() * 40) }, () => call(Math.floor(next() * 30)))
    const [before, after] = [some(), some()]
    const { gone, come } = differenceOf(before, after)
    const sum = new Map<number, number>()
    const add = (calls: readonly Call[], sign: number) => calls.forEach(({ timeUs }) => sum.set(timeUs, (sum.get(timeUs) ?? 0) + sign))
    add(before, 1)
    add(gone, -1)
    add(come, 1)
    add(after, -1)
    expect([...sum.values()].every((count) => count === 0)).toBe(true)
  }
})
