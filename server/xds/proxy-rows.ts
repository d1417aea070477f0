// Rows of proxies as control reads and writes them. Statements with a name are planned once a connection: a fleet that comes asks them a thousand times.
import type { z } from 'zod'
import type { ProxyView } from '../contracts/mesh-state.ts'
import { MeshError } from '../contracts/errors.ts'
import type { HeartbeatRequest } from '../contracts/sidecar.ts'
import type { Db } from '../db/client.ts'
import type { StreamPeer } from './ads.ts'
import type { Mistaken } from './mistaken.ts'
import type { RevisionRow } from './revision-rows.ts'
import type { NodeInfo } from './wire.ts'

type Endpoints = Partial<Pick<z.infer<typeof HeartbeatRequest>, 'address' | 'inboundPort' | 'outboundPort' | 'agentTarget' | 'transparent' | 'zone'>>

interface ProxyRow {
  mesh: string
  id: string
  namespace: string
  agent: string
  version: string
  build: string
  endpoints: Endpoints
}

export interface JoiningProxy extends ProxyRow {
  /** The control process that had it last, as far as the store knows. */
  control_id: string | null
}

/** Binds a node to the identity on its connection. */
export async function readJoiningProxy(db: Db, node: NodeInfo, peer: StreamPeer, mistaken: Mistaken): Promise<JoiningProxy> {
  const { rows } = await db.pool.query<JoiningProxy & { spiffe_id: string }>({ name: 'joining-proxy', text: 'select mesh, id, namespace, agent, version, spiffe_id, build, endpoints, control_id from proxy where id = $1 limit 16', values: [node.id] })
  const row = rows.find((candidate) => candidate.spiffe_id === peer.spiffeId) ?? rows[0]
  if (!row) throw new MeshError('forbidden', `no proxy ${node.id} has enrolled here`)
  mistaken.refuse(row, peer)
  return row
}

export async function markConnected(db: Db, row: ProxyRow, control: { id: string; at: Date }, build: string, { lacking = [] }: Pick<NodeInfo, 'lacking'>): Promise<void> {
  await db.pool.query({
    name: 'proxy-connected',
    text: `update proxy set control_id = $3, connected_at = $4, disconnected_at = null, last_seen = now(), build = coalesce(nullif($5, ''), build), lacking = $6 where mesh = $1 and id = $2`,
    values: [row.mesh, row.id, control.id, control.at, build, lacking],
  })
}

/** Revisions that still wait for this proxy. */
export async function readOpenRows(db: Db, row: ProxyRow): Promise<RevisionRow[]> {
  const { rows } = await db.pool.query<{ revision: number; changes: RevisionRow['changes'] }>({ name: 'open-rows', text: `select revision, changes from revision_proxy where mesh = $1 and proxy = $2 and state = 'pending' order by revision desc limit 1000`, values: [row.mesh, row.id] })
  return rows.map(({ revision, changes }) => ({ revision, changes, state: 'pending', refusal: null }))
}

/** The proxies as their last heartbeats describe them; one without a heartbeat yet is left out. */
export async function readViews(db: Db, mesh: string, ids: readonly string[]): Promise<Map<string, ProxyView>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.pool.query<ProxyRow>('select mesh, id, namespace, agent, version, build, endpoints from proxy where mesh = $1 and id = any($2)', [mesh, ids])
  return new Map(rows.flatMap((row) => {
    const view = viewOf(row)
    return view ? [[row.id, view] as const] : []
  }))
}

/** A client without an Envoy has no doors, and sends no heartbeat. */
export function proxylessView({ id, namespace, agent, version, endpoints }: Omit<ProxyRow, 'mesh' | 'build'>): ProxyView {
  return { id, namespace, agent, version, address: '', inboundPort: 0, outboundPort: 0, agentTarget: { port: 0 }, transparent: null, zone: endpoints.zone ?? '' }
}

export function viewOf(row: Omit<ProxyRow, 'mesh' | 'build'>): ProxyView | null {
  const { address, inboundPort, outboundPort, agentTarget, transparent = null, zone = '' } = row.endpoints
  if (!address || !inboundPort || !outboundPort || !agentTarget) return null
  return { id: row.id, namespace: row.namespace, agent: row.agent, version: row.version, address, inboundPort, outboundPort, agentTarget, transparent, zone }
}

