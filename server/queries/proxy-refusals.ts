import { PastRefusal } from '#server/contracts/status.ts'
import type { Db } from '#server/db/client.ts'

const REFUSALS_MAX = 100

/** What a proxy refused, the newest first; rows are kept as long as the proxy and the revision. */
export async function readProxyRefusals(db: Db, mesh: string, proxy: string): Promise<PastRefusal[]> {
  const { rows } = await db.pool.query<{ revision: number; at: Date; refusal: object | null }>(
    `select revision, decided_at as at, refusal from revision_proxy where mesh = $1 and proxy = $2 and state = 'rejected' and decided_at is not null order by revision desc limit $3`,
    [mesh, proxy, REFUSALS_MAX],
  )
  return rows.flatMap(({ revision, at, refusal }) => (refusal ? [PastRefusal.parse({ ...refusal, revision, at: at.toISOString() })] : []))
}
