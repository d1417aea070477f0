import { expect, test } from 'vitest'
import { startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'
import { ATTRIBUTE_SEARCH, matchByAttributes } from './attribute-search.ts'
import { readAttributeNames } from './attribute-names.ts'
import { readTraces } from './traces.ts'

const window = () => ({ from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 60_000) })

async function send(lab: Lab, spans: TestSpan[], resource: Record<string, string> = { 'service.name': 'alpha' }) {
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf(spans, resource))).status).toBe(200)
}

/** A span that began so long ago. */
const aged = (agoMs: number, fields: Partial<TestSpan>) => {
  const at = Date.now() - agoMs
  return freshSpan({ startTimeUnixNano: `${at}000000`, endTimeUnixNano: `${at + 20}000000`, ...fields })
}

/** Conditions as they are typed, and whether a span with the attributes below meets them. */
const CONDITIONS: [string, string, boolean][] = [
  ['http.route', '/tasks', true],
  ['http.route', '/task', false],
  ['http.route', '', false],
  ['http.rout', '/tasks', false],
  ['http.response.status_code', '503', true],
  ['http.response.status_code', '50', false],
  ['negative', '-7', true],
  ['share', '0.25', true],
  ['cached', 'true', true],
  ['cached', 'false', false],
  ['empty', '', true],
  ['tags', 'urgent', true],
  ['tags', 'calm', false],
  ['exception.type', 'Timeout', true],
  ['host.name', 'loom-7', true],
  ['host.name', 'loom-8', false],
  ['nested', 'x', false],
  ['gen_ai.input.messages', 'secret', false],
  ["'; drop table telemetry.span; --", 'x', false],
  ['\u0000', '\u0000', false],
]

test('an attribute is found by what it prints as: of the span, of its events, of its resource', async () => {
  await using lab = await startTestCollector()
  const span = freshSpan({
    attributes: [
      ...attributesOf({ 'http.route': '/tasks', 'http.response.status_code': 503, negative: -7, empty: '', 'gen_ai.input.messages': 'secret' }),
      { key: 'share', value: { doubleValue: 0.25 } },
      { key: 'cached', value: { boolValue: true } },
      { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'late' }, { stringValue: 'urgent' }] } } },
      { key: 'nested', value: { kvlistValue: { values: [{ key: 'x', value: { stringValue: 'x' } }] } } },
    ],
    events: [{ name: 'exception', timeUnixNano: `${Date.now()}000000`, attributes: attributesOf({ 'exception.type': 'Timeout' }) }],
  })
  await send(lab, [span, freshSpan()], { 'service.name': 'alpha', 'host.name': 'loom-7' })
  await send(lab, [freshSpan({ attributes: attributesOf({ 'http.route': '/other' }) })])
  const wrong: string[] = []
  for (const [key, value, expected] of CONDITIONS) {
    const { items } = await matchByAttributes(lab.db, 'local', { ...window(), limit: 10 }, [{ key, value }])
    if (items.some((item) => item.traceId === span.traceId) !== expected) wrong.push(`${key} = ${value}`)
  }
  expect(wrong).toEqual([])
  expect((await matchByAttributes(lab.db, 'other', { ...window(), limit: 10 }, [{ key: 'http.route', value: '/tasks' }])).items).toEqual([])
})

test('several attributes are of one span, and go with every other filter', async () => {
  await using lab = await startTestCollector()
  const [both, apart] = [freshSpan({ name: 'ask', attributes: attributesOf({ a: 1, b: 2 }) }), freshSpan({ name: 'ask', attributes: attributesOf({ a: 1 }) })]
  const child = aged(4000, { traceId: apart.traceId, parentSpanId: apart.spanId, attributes: attributesOf({ b: 2 }), status: { code: 2 } })
  await send(lab, [both, apart, child])
  const search = async (extra: object, attributes = [{ key: 'a', value: '1' }]) => (await readTraces(lab.db, 'local', { ...window(), limit: 10, attributes, ...extra })).items.map((item) => item.traceId).sort()
  expect(await search({})).toEqual([both.traceId, apart.traceId].sort())
  expect(await search({}, [{ key: 'a', value: '1' }, { key: 'b', value: '2' }])).toEqual([both.traceId])
  expect(await search({ status: 'error' })).toEqual([apart.traceId])
  expect(await search({ status: 'ok' })).toEqual([both.traceId])
  expect(await search({ service: 'alpha', operation: 'ask' })).toHaveLength(2)
  expect(await search({ operation: 'other' })).toEqual([])
  expect(await search({ service: 'beta' })).toEqual([])
  expect(await search({ minDurationMs: 10 })).toEqual([])
  expect(await search({ minDurationMs: 10 }, [{ key: 'b', value: '2' }])).toEqual([apart.traceId])
})

test('page by page each trace comes once, newest first, whichever of its spans match', async () => {
  await using lab = await startTestCollector()
  const attributes = attributesOf({ customer: 'north' })
  const traces = Array.from({ length: 30 }, (_, index) => {
    const old = aged(60_000 + (30 - index) * 30_000, { attributes })
    return [old, aged(30_000 - index * 500, { traceId: old.traceId, parentSpanId: old.spanId, attributes })]
  })
  await send(lab, traces.flat())
  await send(lab, Array.from({ length: 300 }, (_, index) => aged(index * 5000, {})))
  const search = { ...window(), limit: 7 }
  const ids: string[] = []
  let after: { atUs: string; traceId: string } | undefined
  for (let page = 0; page < 20; page++) {
    const found = await matchByAttributes(lab.db, 'local', { ...search, after }, [{ key: 'customer', value: 'north' }])
    ids.push(...found.items.map((item) => item.traceId))
    if (!found.next) break
    after = found.next
  }
  expect(ids).toEqual(traces.map(([first]) => first!.traceId).reverse())
})

test('a search stops at its budget, says how far it looked, and goes on from there; nobody who left is searched for', async () => {
  await using lab = await startTestCollector()
  const wanted = aged(3_000_000, { attributes: attributesOf({ customer: 'south' }) })
  for (const spans of [[wanted], ...Array.from({ length: 20 }, (_, block) => Array.from({ length: 10 }, (_, index) => aged((block * 10 + index) * 14_000, {})))]) await send(lab, spans)
  const limits = { ...ATTRIBUTE_SEARCH, spansMax: 50 }
  const search = { ...window(), limit: 5 }
  const condition = [{ key: 'customer', value: 'south' }]
  const all = await matchByAttributes(lab.db, 'local', search, condition, limits)
  expect(all.items.map((item) => item.traceId)).toEqual([wanted.traceId]) // no other block was opened
  await lab.db.pool.query('update telemetry.span_block set terms = null') // as an older Heddle stored them
  const first = await matchByAttributes(lab.db, 'local', search, condition, limits)
  expect(first).toMatchObject({ items: [], next: expect.anything(), lookedBackTo: expect.any(Date) })
  expect(first.lookedBackTo!.getTime()).toBeGreaterThan(search.from.getTime())
  let pages = 0
  let found = first
  while (found.items.length === 0 && found.next && pages++ < 100) found = await matchByAttributes(lab.db, 'local', { ...search, after: found.next }, condition, limits)
  expect(found.items.map((item) => item.traceId)).toEqual([wanted.traceId])
  await expect(matchByAttributes(lab.db, 'local', { ...search, signal: AbortSignal.abort() }, condition)).rejects.toThrow()
})

test('blocks that nobody placed in time, as a backup of an older Heddle has them, are searched', async () => {
  await using lab = await startTestCollector()
  const spans = Array.from({ length: 40 }, (_, index) => aged(60_000 + index * 60_000, { attributes: attributesOf({ customer: 'east' }) }))
  for (const span of spans) await send(lab, [span])
  await lab.db.pool.query(`update telemetry.span_block set terms = null, oldest = '-infinity', newest = 'infinity'`)
  const search = { ...window(), limit: 50 }
  const newestFirst = spans.map((span) => span.traceId)
  const idsOf = async () => (await matchByAttributes(lab.db, 'local', search, [{ key: 'customer', value: 'east' }])).items.map((item) => item.traceId)
  expect(await idsOf()).toEqual(newestFirst)
  await lab.db.pool.query('select telemetry.place_blocks()')
  expect((await lab.db.pool.query(`select from telemetry.span_block where newest = 'infinity' or oldest = '-infinity'`)).rowCount).toBe(0)
  expect(await idsOf()).toEqual(newestFirst)
})

test('names and values to choose from come from recent spans, never from messages', async () => {
  await using lab = await startTestCollector()
  await send(lab, [1, 2, 3].map((index) => freshSpan({ attributes: attributesOf({ 'http.route': index === 3 ? '/b' : '/a', 'gen_ai.input.messages': 'secret', long: 'x'.repeat(500) }) })), { 'service.name': 'alpha', 'host.name': 'loom-7' })
  const names = await readAttributeNames(lab.db, 'local', window())
  expect(names).toEqual([{ name: 'host.name', values: ['loom-7'] }, { name: 'http.route', values: ['/a', '/b'] }, { name: 'long', values: [] }, { name: 'service.name', values: ['alpha'] }])
  expect(await readAttributeNames(lab.db, 'local', { ...window(), service: 'nobody' })).toEqual([])
})
