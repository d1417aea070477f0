// What a heartbeat says becomes rows: the proxy as it is, and its instance with a lease. Most say nothing new and only prolong.
import { MeshError } from '../contracts/errors.ts'
import { LEASE_MS, type HeartbeatRequest } from '../contracts/sidecar.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import type { Leases } from './leases.ts'
import { readA2aCard, type AgentCard } from './card.ts'
import { takeCard } from './cards.ts'
import { registerVersion, type Commit } from './register.ts'
import { signatureBeside } from './signature.ts'

/** Who sends it, as its certificate on this very connection says. */
export interface Sender {
  spiffeId: string
  namespace: string
  agent: string
  proxyId: string
  serial: string
  issuerId: string
}

export interface HeartbeatOptions {
  db: Db
  mesh: string
  leases: Leases
  commit: Commit
}

const CARD_BYTES_MAX = 262_144
const KNOWN_MAX = 50_000

export function receiveHeartbeats({ db, mesh, leases, commit }: HeartbeatOptions) {
  /** What each proxy said last, to tell a prolongation from news. */
  const known = new Map<string, string>()

  const heartbeat = async (sender: Sender, request: HeartbeatRequest): Promise<void> => {
    if (request.card && JSON.stringify(request.card).length > CARD_BYTES_MAX) throw new MeshError('too_large', 'the agent card is larger than 256 KiB')
    const said = JSON.stringify([sender.serial, request])
    const renewed = await leases.renew(mesh, sender)
    const inRotation = request.state === 'ready' || request.state === 'draining'
    if (renewed === inRotation && known.get(sender.proxyId) === said) return
    const card = readOrNull(request.card)
    if (request.state === 'ready') await registerVersion(db, commit, { mesh, ...sender, version: request.version, card })
    await inTransaction(db.pool, (client) => writeNews(client, mesh, sender, request))
    if (card && request.state === 'ready') await takeCard(db, commit, { mesh, namespace: sender.namespace, agent: sender.agent, source: 'sidecar', url: '', document: request.card, card, signature: signatureBeside(request.card) })
    if (known.size >= KNOWN_MAX) known.clear() // costs one full write a proxy
    known.set(sender.proxyId, said)
  }

  /** A proxy that left in order is no longer known: nothing waits for it. */
  const leave = async (sender: Sender): Promise<void> => {
    known.delete(sender.proxyId)
    await inTransaction(db.pool, async (client) => {
      await removeInstance(client, mesh, sender)
      await client.query('delete from proxy where mesh = $1 and id = $2 and spiffe_id = $3', [mesh, sender.proxyId, sender.spiffeId])
      await notify(client, 'instance', { mesh })
      await notify(client, 'proxy', { mesh })
    })
  }
  return { heartbeat, leave }
}

/** A card that cannot be read is no reason to leave an instance out: the sidecar's page shows it as it is. */
function readOrNull(document: unknown): AgentCard | null {
  try {
    return readA2aCard(document)
  } catch {
    return null
  }
}

async function writeNews(client: PoolClient, mesh: string, sender: Sender, request: HeartbeatRequest): Promise<void> {
  const moved = await writeProxy(client, mesh, sender, request)
  const changed = request.state === 'ready' || request.state === 'draining' ? await putInstance(client, mesh, sender, request) : await removeInstance(client, mesh, sender)
  if (moved || changed) await notify(client, 'instance', { mesh, proxy: sender.proxyId })
  await notify(client, 'proxy', { mesh })
}

/** True when its listeners must be compiled anew. */
async function writeProxy(client: PoolClient, mesh: string, sender: Sender, request: HeartbeatRequest): Promise<boolean> {
  const { address, inboundPort, outboundPort, adminPort, agentTarget, transparent, zone } = request
  const endpoints = { address, inboundPort, outboundPort, adminPort, agentTarget, transparent, zone }
  const identity = request.holds ? { ...request.holds, seenSerial: sender.serial, seenIssuerId: sender.issuerId } : null
  const before = await client.query<{ same: boolean }>('select endpoints = $3::jsonb and version = $4 as same from proxy where mesh = $1 and id = $2 for update', [mesh, sender.proxyId, JSON.stringify(endpoints), request.version])
  const { rowCount } = await client.query(
    `insert into proxy (mesh, id, namespace, agent, version, spiffe_id, build, endpoints, identity, card, warnings)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (mesh, id) do update set version = excluded.version, build = excluded.build, endpoints = excluded.endpoints,
       identity = excluded.identity, card = excluded.card, warnings = excluded.warnings, last_seen = now()
     where proxy.spiffe_id = excluded.spiffe_id`,
    [
      mesh, sender.proxyId, sender.namespace, sender.agent, request.version, sender.spiffeId, request.envoyBuild, JSON.stringify(endpoints),
      identity && JSON.stringify(identity), request.card ? JSON.stringify(request.card) : null, JSON.stringify(request.warnings),
    ],
  )
  if (rowCount === 0) throw new MeshError('forbidden', `the proxy ${sender.proxyId} belongs to another identity than ${sender.spiffeId}`)
  return before.rows[0]?.same !== true
}

/** True when the instance is new or different. */
async function putInstance(client: PoolClient, mesh: string, sender: Sender, request: HeartbeatRequest): Promise<boolean> {
  const values = [
    mesh, sender.proxyId, sender.namespace, sender.agent, request.version, request.address, request.inboundPort, request.zone,
    JSON.stringify(request.labels), request.weight, request.state, LEASE_MS / 1000,
  ]
  const { rows } = await client.query<{ changed: boolean }>(
    `with before as (select address, port, zone, labels, weight, version, state from instance where mesh = $1 and id = $2 for update)
     insert into instance as i (mesh, id, namespace, agent, version, address, port, zone, labels, weight, source, state, lease_until)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'sidecar', $11, now() + make_interval(secs => $12))
     on conflict (mesh, id) do update set version = excluded.version, address = excluded.address, port = excluded.port, zone = excluded.zone,
       labels = excluded.labels, weight = excluded.weight, state = excluded.state, lease_until = excluded.lease_until
     returning not exists (
       select 1 from before b where b.address = $6 and b.port = $7 and b.zone = $8 and b.labels = $9::jsonb and b.weight = $10 and b.version = $5 and b.state = $11
     ) as changed`,
    values,
  )
  return rows[0]?.changed === true
}

async function removeInstance(client: PoolClient, mesh: string, sender: Sender): Promise<boolean> {
  const { proxyId, namespace, agent } = sender
  const { rowCount } = await client.query(`delete from instance where mesh = $1 and id = $2 and namespace = $3 and agent = $4 and source = 'sidecar'`, [mesh, proxyId, namespace, agent])
  return rowCount === 1
}
