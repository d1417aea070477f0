import { z } from 'zod'
import type { Db } from '#server/db/client.ts'

/** One xDS resource of a proxy: which version it was sent, took and refused. Versions are hashes of the resource's bytes. */
export const ProxyResource = z.object({
  typeUrl: z.string(),
  name: z.string(),
  state: z.enum(['synced', 'pending', 'rejected', 'removed']),
  sent: z.string().nullable(),
  acked: z.string().nullable(),
  refused: z.string().nullable(),
  reason: z.string().nullable(),
  changedAt: z.string(),
})
export type ProxyResource = z.infer<typeof ProxyResource>

const RESOURCES_MAX = 5000

/** What a proxy holds, resource by resource; those that are refused or on their way come first. */
export async function readProxyResources(db: Db, mesh: string, proxy: string): Promise<ProxyResource[]> {
  const { rows } = await db.pool.query<Omit<ProxyResource, 'changedAt'> & { changedAt: Date }>(
    `select type_url as "typeUrl", name, sent, acked, refused, reason, changed_at as "changedAt",
            case when refused is not null then 'rejected' when sent is null then 'removed' when acked is distinct from sent then 'pending' else 'synced' end as state
       from proxy_resource where mesh = $1 and proxy = $2
      order by (refused is null), (sent is not distinct from acked), type_url, name limit ${RESOURCES_MAX}`,
    [mesh, proxy],
  )
  return rows.map((row) => ({ ...row, changedAt: row.changedAt.toISOString() }))
}
