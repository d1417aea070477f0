import { expect, onTestFinished, test, vi } from 'vitest'
import { spansOf, startTestCollector, type Lab } from '#server/testing/collector.ts'
import { freshSpan, postOtlp, requestOf } from '#server/testing/spans.ts'
import { prune } from './retention.ts'

const DAY_MS = 86_400_000
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const daysOf = async (lab: Lab) => (await lab.db.pool.query<{ day: string }>(`select to_char(day, 'YYYY-MM-DD') as day from telemetry.days()`)).rows.map((row) => row.day)

async function sendAged(lab: Lab, days: number): Promise<string> {
  const ms = Date.now() - days * DAY_MS
  const span = freshSpan({ startTimeUnixNano: `${ms}000000`, endTimeUnixNano: `${ms + 5}000000` })
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf([span]))).status).toBe(200)
  return span.traceId
}

test('days are made ahead, and those past their time dropped whole; today’s never', async () => {
  await using lab = await startTestCollector({ retentionMs: 30 * DAY_MS })
  const [old, young, fresh] = [await sendAged(lab, 6), await sendAged(lab, 2), await sendAged(lab, 0)]
  const dropped = await prune(lab.db.pool, { retentionMs: 3 * DAY_MS, diskMaxBytes: 20e9 })
  expect(dropped).toEqual([dayOf(Date.now() - 6 * DAY_MS)])
  expect(await spansOf(lab.db, old)).toEqual([])
  expect(await spansOf(lab.db, young)).toHaveLength(1)
  expect((await daysOf(lab)).slice(-3)).toEqual([0, 1, 2].map((ahead) => dayOf(Date.now() + ahead * DAY_MS)))
  await prune(lab.db.pool, { retentionMs: 3 * DAY_MS, diskMaxBytes: 0 })
  expect(await spansOf(lab.db, young)).toEqual([])
  expect(await spansOf(lab.db, fresh)).toHaveLength(1)
})

test('a day that another process dropped meanwhile is made again: the span is kept', async () => {
  await using lab = await startTestCollector({ retentionMs: 30 * DAY_MS })
  await sendAged(lab, 3)
  for (const table of ['span_part', 'span_minute', 'span_block', 'span_content', 'edge_bucket', 'log']) await lab.db.pool.query('select telemetry.drop_day($1, $2::date)', [table, dayOf(Date.now() - 3 * DAY_MS)])
  expect(await daysOf(lab)).not.toContain(dayOf(Date.now() - 3 * DAY_MS))
  expect(await spansOf(lab.db, await sendAged(lab, 3))).toHaveLength(1)
})

test('while a day cannot be made its spans wait with their sender, and those of other days are taken', async () => {
  await using lab = await startTestCollector({ retentionMs: 30 * DAY_MS })
  await sendAged(lab, 0)
  await lab.db.pool.query(`alter function telemetry.ensure_day(date) rename to ensured_day`)
  const ms = Date.now() - 9 * DAY_MS
  const refused = await fetch(`${lab.http}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: requestOf([freshSpan({ startTimeUnixNano: `${ms}000000`, endTimeUnixNano: `${ms}000000` })]) })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  await sendAged(lab, 0)
  await lab.db.pool.query(`alter function telemetry.ensured_day(date) rename to ensure_day`)
  expect(await spansOf(lab.db, await sendAged(lab, 9))).toHaveLength(1)
})

test('a day is dropped under full ingest: a query of it goes on, no span waits long or is lost, and it goes once nobody reads it', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector({ retentionMs: 30 * DAY_MS })
  await sendAged(lab, 6)
  const reader = await lab.db.pool.connect()
  await reader.query('begin')
  await reader.query('select count(*) from telemetry.span_part')
  let isOver = false
  const sent: string[] = []
  let longestMs = 0
  const ingest = Promise.all(Array.from({ length: 4 }, async (_, sender) => {
    while (!isOver) {
      const began = performance.now()
      sent.push(await sendAged(lab, sender % 2)) // of today, and of a day that is kept
      longestMs = Math.max(longestMs, performance.now() - began)
    }
  }))
  const limits = { retentionMs: 3 * DAY_MS, diskMaxBytes: 20e9 }
  await prune(lab.db.pool, limits)
  expect((await reader.query('select count(*)::int as spans from telemetry.span_part')).rows[0].spans).toBeGreaterThan(0)
  expect((await lab.db.pool.query(`select to_regclass('telemetry.span_part_' || $1) as part`, [dayOf(Date.now() - 6 * DAY_MS).replaceAll('-', '')])).rows[0].part).not.toBeNull() // it is read
  await reader.query('commit')
  reader.release()
  await prune(lab.db.pool, limits)
  expect(await daysOf(lab)).not.toContain(dayOf(Date.now() - 6 * DAY_MS))
  isOver = true
  await ingest
  expect(lab.errors.filter((error) => error.startsWith('storing'))).toEqual([]) // nor a deadlock
  expect(longestMs).toBeLessThan(10_000) // the statements' own limit: a lock that is waited for without end would take it
  const { rows } = await lab.db.pool.query<{ trace_id: string }>('select distinct trace_id from telemetry.span_part')
  const stored = new Set(rows.map((row) => row.trace_id.replaceAll('-', '')))
  expect(sent.filter((traceId) => !stored.has(traceId))).toEqual([])
})

test('while the clock is a day ahead, and when it is back, spans are kept in the days they name', async () => {
  await using lab = await startTestCollector({ retentionMs: 30 * DAY_MS })
  const traces = [await sendAged(lab, 0)]
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4 * DAY_MS })
  onTestFinished(() => void vi.useRealTimers())
  const ahead = dayOf(Date.now())
  expect(await daysOf(lab)).not.toContain(ahead)
  traces.push(await sendAged(lab, 0))
  expect(await daysOf(lab)).toContain(ahead)
  vi.useRealTimers()
  traces.push(await sendAged(lab, 0))
  for (const traceId of traces) expect(await spansOf(lab.db, traceId)).toHaveLength(1)
})
