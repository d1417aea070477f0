import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SpanColumns } from './columns.ts'
import { openWrittenMinutes, type NewMinutes, type WrittenMinutes } from './minutes.ts'

const requests = [{ classes: [{ id: 1, service: { id: 10 } }, { id: 2, service: { id: 10 } }, { id: 3, service: { id: 20 } }] }] as unknown as SpanColumns[] // all that is looked at
/** Late enough in its day. */
const NOON = new Date('2026-11-23T12:00:00Z')
const START = Date.parse('2026-11-23T00:00:00Z') / 60_000

beforeEach(() => void vi.useFakeTimers({ now: NOON, toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** What a batch of parts says first; each is its minute of the day and the places of its spans. */
function noted(written: WrittenMinutes, ...parts: [minute: number, indexes: number[]][]): NewMinutes {
  const found: NewMinutes = new Map()
  for (const [minute, indexes] of parts) written.note(found, requests, { block: new DataView(new ArrayBuffer(8)), conversation: null, oldestUs: 0, newestUs: (START + minute) * 60e6 + 59_999_999, places: indexes.flatMap((index) => [0, index, 0]) })
  return new Map([...found].map(([minute, classes]) => [minute - START, classes]))
}

const put = (written: WrittenMinutes, found: NewMinutes) => written.put(new Map([...found].map(([minute, classes]) => [START + minute, classes])))

test('a class is told once a minute, after the commit that wrote it, and anew when that is unknown', () => {
  const written = openWrittenMinutes()
  const first = noted(written, [5, [0, 1, 0]], [6, [2]], [5, [1]])
  expect(first).toEqual(new Map([[5, new Map([[1, 10], [2, 10]])], [6, new Map([[3, 20]])]]))
  expect(noted(written, [5, [0]])).toEqual(new Map([[5, new Map([[1, 10]])]])) // not committed
  put(written, first)
  expect(noted(written, [5, [0, 1]], [6, [2]])).toEqual(new Map())
  expect(noted(written, [5, [2]])).toEqual(new Map([[5, new Map([[3, 20]])]]))
  written.clear()
  expect(noted(written, [5, [0]])).toEqual(new Map([[5, new Map([[1, 10]])]]))
})

test('of spans of very many minutes the oldest told are forgotten, and told again', () => {
  const written = openWrittenMinutes()
  for (let minute = 0; minute < 100; minute++) put(written, noted(written, [minute, [0]]))
  expect(noted(written, [99, [0]])).toEqual(new Map())
  expect(noted(written, [0, [0]]).size).toBe(1)
})

test('a day that may be dropped is told each time', () => {
  const written = openWrittenMinutes()
  put(written, noted(written, [-1, [0]], [0, [0]]))
  expect([...noted(written, [-1, [0]], [0, [0]]).keys()]).toEqual([-1])
})
