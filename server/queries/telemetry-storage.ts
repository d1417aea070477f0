import type { TelemetryStorage } from '#server/contracts/telemetry.ts'
import { hasCitus } from '#server/db/citus.ts'
import type { Db } from '#server/db/client.ts'

const DAYS_MAX = 1000

/** What telemetry takes on disk, by day, and what it may take. */
export async function readTelemetryStorage(db: Db, limits: { retentionMs: number; diskMaxBytes: number }): Promise<TelemetryStorage> {
  const { rows } = await db.pool.query<{ day: string; bytes: string }>(`select to_char(day, 'YYYY-MM-DD') as day, bytes from telemetry.days() limit $1`, [DAYS_MAX])
  const days = rows.map(({ day, bytes }) => ({ day, bytes: Number(bytes) }))
  return { bytes: days.reduce((sum, day) => sum + day.bytes, 0), bytesMax: limits.diskMaxBytes, retentionMs: limits.retentionMs, days, citus: await hasCitus(db.pool) }
}
