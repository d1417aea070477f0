// Telemetry older than it may be, or more than the disk may hold, goes by whole days. One collector does it at a time.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from '#server/db/pool.ts'
import { forgetDays } from './days.ts'

const EVERY_MS = 60_000
const TABLES = ['span_part', 'span_minute', 'span_block', 'span_content', 'edge_bucket', 'log']
const DAY_MS = 86_400_000

export interface RetentionLimits {
  retentionMs: number
  diskMaxBytes: number
}

/** Prunes once a minute for as long as this process leads. */
export async function keepRetention(pool: Pool, limits: RetentionLimits, signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    await prune(pool, limits).catch(onError)
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {}) // woken by the end of the leadership
  }
}

/** Days ahead are made and days behind dropped; today's is never dropped. Answers which days went. */
export async function prune(pool: Pool, limits: RetentionLimits, nowMs = Date.now()): Promise<string[]> {
  for (let ahead = 0; ahead <= 2; ahead++) await pool.query('select telemetry.ensure_day($1::date)', [dayOf(nowMs + ahead * DAY_MS)])
  const { rows: days } = await pool.query<{ day: string; bytes: string }>('select to_char(day, \'YYYY-MM-DD\') as day, bytes from telemetry.days()')
  const today = dayOf(nowMs)
  const oldest = dayOf(nowMs - limits.retentionMs)
  let bytes = days.reduce((sum, day) => sum + Number(day.bytes), 0)
  const dropped: string[] = []
  for (const { day, bytes: size } of days) {
    if (day >= today || (day >= oldest && bytes <= limits.diskMaxBytes)) continue
    for (const table of TABLES) await pool.query('select telemetry.drop_day($1, $2::date)', [table, day])
    bytes -= Number(size)
    dropped.push(day)
  }
  if (dropped.length > 0) forgetDays(pool)
  await pruneRows(pool, limits)
  return dropped
}

async function pruneRows(pool: Pool, { retentionMs }: RetentionLimits): Promise<void> {
  const seconds = retentionMs / 1000
  await pool.query(`delete from telemetry.ingest where bucket < now() - $1 * interval '1 second'`, [seconds])
  await pool.query(`delete from telemetry.proxy_counter where seen_at < now() - greatest($1 * interval '1 second', interval '1 day')`, [seconds])
  await pool.query(`delete from telemetry.described where seen_on < current_date - 2 - ceil($1::numeric / 86400)::integer`, [seconds])
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
