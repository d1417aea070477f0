import { expect, test } from 'vitest'
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
