import { randomBytes } from 'node:crypto'
import type { Db } from '#server/db/client.ts'

/** Signs session cookies; made once and shared by every web process of the store. Only the web role reads it. */
export async function readWebSecret(db: Db): Promise<string> {
  await db.pool.query(`insert into web_secret (name, value) values ('session', $1) on conflict (name) do nothing`, [randomBytes(32).toString('base64')])
  const { rows } = await db.pool.query<{ value: string }>(`select value from web_secret where name = 'session'`)
  return rows[0]!.value // inserted above or before
}
