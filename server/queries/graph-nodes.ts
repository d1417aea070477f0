// Which node an edge's end is: an agent of the mesh, one of its versions, or something the mesh only hears of.
import { agentVersionName } from '#server/contracts/ids.ts'
import type { GraphNode, NodeKind } from '#server/contracts/telemetry.ts'
import type { PoolClient } from '#server/db/pool.ts'

export type GraphBy = 'agent' | 'version'

export interface KnownAgent {
  kind: NodeKind
  namespace: string
  name: string
  protocol: string
  labels: Record<string, string>
  versions: string[]
}

/** By `agent/NAMESPACE/NAME`. */
export type KnownAgents = ReadonlyMap<string, KnownAgent>

interface ObjectRow {
  namespace: string
  name: string
  labels: Record<string, string>
  type: string | null
  protocol: string | null
  gateway: boolean
  versions: string[] | null
}

const AGENTS_MAX = 20_000

export async function readAgents(client: Pick<PoolClient, 'query'>, mesh: string): Promise<KnownAgents> {
  const { rows } = await client.query<ObjectRow>(
    `select agent.namespace, agent.name, agent.labels, agent.spec ->> 'type' as type, agent.spec ->> 'protocol' as protocol,
       exists (select 1 from object gateway where gateway.mesh = agent.mesh and gateway.kind = 'Gateway' and gateway.namespace = agent.namespace
         and gateway.spec #>> '{infrastructure,parametersRef,name}' = agent.name) as gateway,
       (select array_agg(version.spec ->> 'version' order by version.name) from object version
         where version.mesh = agent.mesh and version.kind = 'AgentVersion' and version.namespace = agent.namespace and version.spec ->> 'agent' = agent.name) as versions
     from object agent where agent.mesh = $1 and agent.kind = 'Agent' order by agent.namespace, agent.name limit $2`,
    [mesh, AGENTS_MAX],
  )
  return new Map(
    rows.map((row) => [
      `agent/${row.namespace}/${row.name}`,
      {
        kind: row.gateway ? 'gateway' : row.type === 'tool' || row.type === 'model' ? row.type : 'agent',
        namespace: row.namespace,
        name: row.name,
        protocol: row.protocol ?? 'http',
        labels: row.labels,
        versions: row.versions ?? [],
      },
    ]),
  )
}

/** The id that a stored end has in the graph. A service that no Agent object names is unknown. */
export function nodeIdOf(stored: string, version: string, agents: KnownAgents, by: GraphBy): string {
  const [kind, namespace = '', ...rest] = stored.split('/')
  if (kind !== 'agent') return stored
  const name = rest.join('/')
  if (!agents.has(stored)) return namespace === 'default' ? `unknown/${name}` : `unknown/${namespace}/${name}`
  return by === 'version' && version !== '' ? `agentversion/${namespace}/${agentVersionName(name, version)}` : stored
}

/** The stored end behind a node's id: an unknown service is stored as an agent would be. */
export function storedOf(nodeId: string): string {
  const [kind, ...rest] = nodeId.split('/')
  if (kind !== 'unknown') return nodeId
  return rest.length > 1 ? `agent/${rest.join('/')}` : `agent/default/${rest.join('/')}`
}

export type BareNode = Omit<GraphNode, 'health' | 'versions'>

/** The node behind an id that `nodeIdOf` gave. */
export function nodeOf(id: string, stored: string, version: string, agents: KnownAgents): BareNode {
  const agent = agents.get(stored)
  const [prefix = '', ...rest] = id.split('/')
  if (agent) {
    const isVersion = prefix === 'agentversion'
    return { id, kind: isVersion ? 'agentversion' : agent.kind, namespace: agent.namespace, name: agent.name, version: isVersion ? version : null, labels: agent.labels }
  }
  const kind: NodeKind = prefix === 'external' || prefix === 'tool' || prefix === 'model' ? prefix : 'unknown'
  const namespaced = kind !== 'external' && rest.length > 1
  return { id, kind, namespace: namespaced ? rest[0]! : null, name: namespaced ? rest.slice(1).join('/') : rest.join('/'), version: null, labels: {} } // namespaced: there are two parts
}
