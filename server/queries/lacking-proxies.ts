import type { Db } from '#server/db/client.ts'
import type { LackingProxy } from '#server/mesh/analysis/support.ts'

const PROXIES_MAX = 10_000

/** Proxies whose Envoy, when it last connected, did not list all that Heddle can do without. */
export async function readLackingProxies(db: Db, mesh: string): Promise<LackingProxy[]> {
  const { rows } = await db.pool.query<LackingProxy>(`select id, namespace, agent, lacking from proxy where mesh = $1 and lacking <> '{}' order by id limit $2`, [mesh, PROXIES_MAX])
  return rows
}
