// Every proxy that enrolled, with what each was sent and took, type by type.
import type { z } from 'zod'
import type { Proxy } from '../contracts/status.ts'
import type { Db } from '../db/client.ts'

type ProxyItem = z.infer<typeof Proxy>

export interface ProxyFilter {
  limit: number
  /** Ids after this one, for the next page. */
  after?: string
  id?: string
}

interface Row {
  id: string
  agent: string
  namespace: string
  version: string
  spiffe_id: string
  build: string
  outbound_port: number | null
  control_id: string | null
  connected_at: Date | null
  last_seen: Date
  types: { typeUrl: string; sent: number; acked: number; refused: number; reason: string | null; changedAt: string }[]
}

/** The types that an Envoy sidecar asks for; one that it has not asked for yet is shown as such. */
const TYPES = ['cluster.v3.Cluster', 'endpoint.v3.ClusterLoadAssignment', 'listener.v3.Listener', 'route.v3.RouteConfiguration', 'route.v3.VirtualHost'].map((name) => `type.googleapis.com/envoy.config.${name}`)

/** By id. `sent` and `acked` count resources; a proxy without a stream shows what it last took. */
export async function readProxies(db: Db, mesh: string, filter: ProxyFilter): Promise<ProxyItem[]> {
  const { rows } = await db.pool.query<Row>(
    `select x.id, x.agent, x.namespace, x.version, x.spiffe_id, x.build, (x.endpoints->>'outboundPort')::int as outbound_port,
       c.id as control_id, x.connected_at, x.last_seen,
       coalesce((select jsonb_agg(jsonb_build_object('typeUrl', t.type_url, 'sent', t.sent, 'acked', t.acked, 'refused', t.refused, 'reason', t.reason, 'changedAt', t.changed_at) order by t.type_url) from (
         select type_url, count(*) filter (where sent is not null) as sent, count(*) filter (where sent is not null and acked = sent) as acked,
           count(*) filter (where refused is not null) as refused, coalesce(min(reason) filter (where refused is not null), min(reason)) as reason, max(changed_at) as changed_at
         from proxy_resource where mesh = x.mesh and proxy = x.id group by type_url) t), '[]') as types
     from proxy x left join control_process c on c.id = x.control_id
     where x.mesh = $1 and x.id > $2 and ($3::text is null or x.id = $3) order by x.id limit $4`,
    [mesh, filter.after ?? '', filter.id ?? null, filter.limit],
  )
  return rows.map(describeProxy)
}

function describeProxy(row: Row): ProxyItem {
  const types = Object.fromEntries([...TYPES.map((typeUrl) => [typeUrl, UNSUBSCRIBED] as const), ...row.types.map((type) => [type.typeUrl, describeType(type)] as const)])
  const states = Object.values(types).map((type) => type.state)
  return {
    id: row.id,
    agent: row.agent,
    namespace: row.namespace,
    version: row.version,
    state: row.control_id === null ? 'disconnected' : states.includes('rejected') ? 'rejected' : states.includes('pending') || !states.includes('synced') ? 'pending' : 'synced',
    lastSeen: row.last_seen.toISOString(),
    connectedAt: row.connected_at?.toISOString() ?? null,
    control: row.control_id,
    build: row.build,
    outboundUrl: row.outbound_port === null ? null : `http://127.0.0.1:${row.outbound_port}`,
    spiffeId: row.spiffe_id,
    types,
  }
}

const UNSUBSCRIBED: ProxyItem['types'][string] = { state: 'unsubscribed', sent: 0, acked: 0, reason: null, changedAt: null }

function describeType(type: Row['types'][number]): ProxyItem['types'][string] {
  const state = type.refused > 0 ? 'rejected' : type.acked < type.sent ? 'pending' : 'synced'
  return { state, sent: type.sent, acked: type.acked, reason: type.reason, changedAt: new Date(type.changedAt).toISOString() }
}
