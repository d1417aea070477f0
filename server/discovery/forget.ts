// What control has written about proxies and nobody asks for any more, so that no table grows for ever.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db/client.ts'
import { electLeader, type Leadership } from '../db/leader.ts'

export const FORGET = { everyMs: 3_600_000, daysKept: 30, rowsMax: 10_000 }

/** Rows older than the days kept, by table. The audit and what each revision did to each proxy are kept whole: they are history. */
const OLD: Record<string, string> = {
  svid: 'not_after < $1',
  join_token: 'expires_at < $1',
  telemetry_token: 'revoked_at < $1',
  refused_resource: 'at < $1',
  // One that left took its row along; this one was ended, and its certificate cannot come back either.
  proxy: `last_seen < $1 and control_id is null and not exists (select from svid s where s.mesh = proxy.mesh and s.proxy = proxy.id and s.not_after > now())`,
}

/** Runs on one control process, every hour. */
export function forgetOldRows(db: Db, onError: (error: Error) => void): Leadership {
  return electLeader(db.url, {
    name: 'forget',
    onError,
    async lead(signal) {
      while (!signal.aborted) {
        await forgetOnce(db)
        await sleep(FORGET.everyMs, undefined, { signal }).catch(() => {}) // aborted: another leads
      }
    },
  })
}

/** Deletes in portions, so that no lock is held long. Returns how many rows went. */
export async function forgetOnce(db: Pick<Db, 'pool'>, now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - FORGET.daysKept * 86_400_000)
  let gone = 0
  for (const [table, isOld] of Object.entries(OLD))
    for (let rows = FORGET.rowsMax; rows === FORGET.rowsMax; gone += rows) {
      const result = await db.pool.query(`delete from "${table}" where ctid = any(array(select ctid from "${table}" where ${isOld} limit ${FORGET.rowsMax}))`, [before])
      rows = result.rowCount ?? 0
    }
  return gone
}
