import { MeshError } from '../contracts/errors.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction } from '../db/pool.ts'

/** From the next moment its agent is refused everywhere: by RBAC on open connections, by control on its own stream. Doing it again changes nothing. */
export async function revokeCertificate(db: Db, { mesh, serial, reason, by }: { mesh: string; serial: string; reason: string; by: string }): Promise<void> {
  await inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ spiffe_id: string; proxy: string; revoked_at: Date | null }>('select spiffe_id, proxy, revoked_at from svid where mesh = $1 and serial = $2 for update', [mesh, serial])
    const svid = rows[0]
    if (!svid) throw new MeshError('not_found', `no certificate of this mesh has the serial ${serial}`)
    if (svid.proxy === 'control') throw new MeshError('conflict', 'this is control’s own certificate; rotate the issuing certificate instead')
    if (svid.revoked_at) return
    await client.query('update svid set revoked_at = now(), revoked_reason = $3 where mesh = $1 and serial = $2', [mesh, serial, reason])
    await client.query('update telemetry_token set revoked_at = now() where mesh = $1 and proxy = $2 and revoked_at is null', [mesh, svid.proxy])
    await recordAudit(client, { mesh, actor: by, action: 'certificate.revoke', target: svid.proxy, result: 'ok', detail: { serial, spiffeId: svid.spiffe_id, reason } })
    await notify(client, 'identity', { mesh })
  })
}
