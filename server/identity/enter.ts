// A sidecar comes in with a join token: its place, telemetry token and certificate, all of it or none.
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { MeshError } from '../contracts/errors.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import { LEASE_MS, type EnrolRequest, type Identity } from '../contracts/sidecar.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import type { Authority, Subject } from './authority.ts'
import { readCsrKey } from './csr.ts'
import { lockProxy } from './proxy-lock.ts'
import { createTelemetryToken, useJoinToken, type JoinClaim } from './tokens.ts'

export interface Entered {
  claim: JoinClaim
  identity: Identity
  telemetryToken: string
}

/** Throws `unauthenticated` for a token that lets nobody in, `conflict` for a name that somebody has. Whatever it throws, the token stays as it was. */
export async function enterMesh(db: Db, authority: Authority, request: z.infer<typeof EnrolRequest>): Promise<Entered> {
  const { token, proxyId, version } = request
  const publicKey = await readCsrKey(request.csrPem)
  const key = createHash('sha256').update(Buffer.from(await crypto.subtle.exportKey('spki', publicKey))).digest()
  return inTransaction(db.pool, async (client) => {
    await lockProxy(client, authority.mesh, proxyId)
    const claim = await useJoinToken(client, token, { proxyId, key })
    const subject = { spiffeId: spiffeIdOf(authority.trustDomain, claim.namespace, claim.agent), proxy: proxyId }
    if (!claim.again) await refuseHeld(client, claim, subject)
    await takePlace(client, claim, subject, version)
    const telemetryToken = await createTelemetryToken(client, { mesh: claim.mesh, ...subject })
    const identity = await authority.issueForKey(publicKey, subject, client)
    await recordAudit(client, { mesh: claim.mesh, actor: `join token ${claim.id}`, action: 'proxy.enrol', target: proxyId, result: 'ok', detail: { spiffeId: subject.spiffeId, serial: identity.serial, notAfter: identity.notAfter } })
    return { claim, telemetryToken, identity }
  })
}

/** Two holders of one name would throw each other out, stream by stream; an agent whose certificate still works could speak as the next one. */
async function refuseHeld(client: PoolClient, { mesh }: JoinClaim, { spiffeId, proxy }: Subject): Promise<void> {
  const { rows } = await client.query<{ mine: boolean; present: boolean }>(
    `select s.spiffe_id = $3 as mine, coalesce(p.endpoints <> '{}' and p.last_seen > now() - make_interval(secs => $4), false) as present
     from svid s left join proxy p on p.mesh = s.mesh and p.id = s.proxy
     where s.mesh = $1 and s.proxy = $2 and s.revoked_at is null and s.not_after > now()`,
    [mesh, proxy, spiffeId, LEASE_MS / 1000],
  )
  if (rows.some(({ mine }) => !mine)) throw new MeshError('conflict', `the proxy ${proxy} belongs to another agent; choose another --name`)
  if (rows.some(({ present }) => present)) throw new MeshError('conflict', `a sidecar ${proxy} is in the mesh now; choose another --name, or stop that one and try again in ${LEASE_MS / 1000} s`)
}

async function takePlace(client: PoolClient, { mesh, namespace, agent }: JoinClaim, { spiffeId, proxy }: Subject, version: string): Promise<void> {
  await client.query(`delete from instance i using proxy p where p.mesh = $1 and p.id = $2 and p.spiffe_id <> $3 and i.mesh = p.mesh and i.id = p.id and i.source = 'sidecar'`, [mesh, proxy, spiffeId])
  await client.query('delete from proxy where mesh = $1 and id = $2 and spiffe_id <> $3', [mesh, proxy, spiffeId])
  await client.query(
    `insert into proxy (mesh, id, namespace, agent, version, spiffe_id) values ($1, $2, $3, $4, $5, $6)
     on conflict (mesh, id) do update set version = excluded.version, last_seen = now()`,
    [mesh, proxy, namespace, agent, version, spiffeId],
  )
}
