import { MeshError } from '../contracts/errors.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import { lockProxy } from './proxy-lock.ts'

/** Whom a revocation hits. */
export interface Revoked {
  proxy: string
  /** Every proxy of this identity is refused by its peers: Envoy knows who calls by the SPIFFE id alone. */
  spiffeId: string
  /** Until the last revoked certificate of that identity has run out, ISO 8601; null when it has. */
  refusedUntil: string | null
}

/**
 * From the next moment its agent is refused everywhere: by RBAC on open connections, by control on its own stream. With it go all
 * certificates of its proxy, since any of them could be renewed. Doing it again changes nothing.
 */
export async function revokeCertificate(db: Db, { mesh, serial, reason, by }: { mesh: string; serial: string; reason: string; by: string }): Promise<Revoked> {
  return inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ spiffe_id: string; proxy: string }>('select spiffe_id, proxy from svid where mesh = $1 and serial = $2', [mesh, serial])
    const svid = rows[0]
    if (!svid) throw new MeshError('not_found', `no certificate of this mesh has the serial ${serial}`)
    if (svid.proxy === 'control') throw new MeshError('conflict', 'this is control’s own certificate; rotate the issuing certificate instead')
    await lockProxy(client, mesh, svid.proxy)
    const { rowCount } = await client.query(
      `update svid set revoked_at = now(), revoked_reason = $4 where mesh = $1 and proxy = $3 and spiffe_id = $5 and revoked_at is null and (serial = $2 or not_after > now())
       and exists (select from svid named where named.serial = $2 and named.revoked_at is null)`,
      [mesh, serial, svid.proxy, reason, svid.spiffe_id],
    )
    const revoked = async () => ({ proxy: svid.proxy, spiffeId: svid.spiffe_id, refusedUntil: await refusedUntil(client, mesh, svid.spiffe_id) })
    if (rowCount === 0) return revoked()
    await client.query('update telemetry_token set revoked_at = now() where mesh = $1 and proxy = $2 and revoked_at is null', [mesh, svid.proxy])
    await recordAudit(client, { mesh, actor: by, action: 'certificate.revoke', target: svid.proxy, result: 'ok', detail: { serial, serials: rowCount, spiffeId: svid.spiffe_id, reason } })
    await notify(client, 'identity', { mesh })
    return revoked()
  })
}

async function refusedUntil(client: PoolClient, mesh: string, spiffeId: string): Promise<string | null> {
  const { rows } = await client.query<{ until: Date | null }>('select max(not_after) as until from svid where mesh = $1 and spiffe_id = $2 and revoked_at is not null and not_after > now()', [mesh, spiffeId])
  return rows[0]?.until?.toISOString() ?? null
}

/** Throws `forbidden` for a certificate that was revoked, as the store has it now. */
export async function refuseRevoked(client: PoolClient, mesh: string, serial: string): Promise<void> {
  const { rowCount } = await client.query('select from svid where mesh = $1 and serial = $2 and revoked_at is not null', [mesh, serial])
  if (rowCount !== 0) throw new MeshError('forbidden', `the certificate ${serial} was revoked`)
}
