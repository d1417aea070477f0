import type { Pool } from '#server/db/pool.ts'

export const DAY_US = 86_400e6
/** Days of which this process knows that they exist; retention takes them out again. */
const known = new WeakMap<Pool, Set<number>>()

/** Makes the partitions of these moments where they are missing, before the transaction that needs them. */
export async function ensureDays(pool: Pool, timesUs: readonly number[]): Promise<void> {
  let days = known.get(pool)
  if (!days) known.set(pool, (days = new Set()))
  for (const timeUs of timesUs) {
    const day = Math.floor(timeUs / DAY_US)
    if (days.has(day)) continue
    await pool.query('select telemetry.ensure_day($1::date)', [dateOf(day)])
    days.add(day)
  }
}

/** Called when days were dropped. */
export function forgetDays(pool: Pool): void {
  known.delete(pool)
}

const NO_PARTITION = '23514'

/** Runs `write` with the partitions of these moments in place, and once more where another process dropped one meanwhile. */
export async function withDays(pool: Pool, timesUs: readonly number[], write: () => Promise<void>): Promise<void> {
  await ensureDays(pool, timesUs)
  try {
    await write()
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== NO_PARTITION) throw error
    forgetDays(pool)
    await ensureDays(pool, timesUs)
    await write()
  }
}

function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}
