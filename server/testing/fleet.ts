// A fleet without Envoys, for measuring control: agents with their instances as rows, and for each a delta client that asks as Envoy does.
import { commitChange } from '../changes/commit.ts'
import { agent, agentVersion, route } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import type { Db } from '../db/client.ts'
import { ADS_METHODS, type AdsRequest } from '../xds/wire.ts'
import { encodeRequest } from './ads-client.ts'
import { openCall } from './bare-call.ts'
import { encodeAck, readNames } from './fleet-wire.ts'
import { IDENTITY_HEADER } from './test-control.ts'

const MESH = 'local'
const TRUST_DOMAIN = 'mesh.test'
/** Agents of a namespace reach each other and nobody else. */
export const REACH = 50

const namespaceOf = (index: number) => `ns-${Math.floor(index / REACH)}`
const nameOf = (index: number) => `agent-${index}`

/** `size` agents of one version with a route each, `instances` instances an agent, and one proxy row an agent. */
export async function makeFleet(db: Db, size: number, instances: number): Promise<void> {
  await db.pool.query('insert into mesh (name, trust_domain) values ($1, $2)', [MESH, TRUST_DOMAIN])
  const indices = Array.from({ length: size }, (_, index) => index)
  await commitObjects(db, indices.flatMap((index) => [agent(nameOf(index), { exportTo: [] }, namespaceOf(index)), agentVersion(nameOf(index), 'v1', namespaceOf(index)), agentVersion(nameOf(index), 'v2', namespaceOf(index)), weightsOf(index, 50)]))
  await db.pool.query(
    `insert into instance (mesh, id, namespace, agent, version, address, port, source)
     select $1, 'agent-' || i || '-' || k, 'ns-' || i / $4, 'agent-' || i, case when k % 2 = 0 then 'v1' else 'v2' end, '10.1.' || i / 200 || '.' || i % 200, 10000 + k, 'sidecar' from generate_series(0, $2::int - 1) i, generate_series(0, $3::int - 1) k`,
    [MESH, size, instances, REACH],
  )
  const endpoints = { address: '127.0.0.1', inboundPort: 15_006, outboundPort: 15_001, adminPort: 1, agentTarget: { port: 9000 }, zone: '' }
  await db.pool.query(
    `insert into proxy (mesh, id, namespace, agent, version, spiffe_id, endpoints)
     select $1, 'proxy-' || i, 'ns-' || i / $3, 'agent-' || i, 'v1', $4 || '/ns/ns-' || i / $3 || '/agent/agent-' || i, $5 from generate_series(0, $2::int - 1) i`,
    [MESH, size, REACH, `spiffe://${TRUST_DOMAIN}`, JSON.stringify(endpoints)],
  )
}

/** One edit of one agent's split; answers the revision. */
export async function editWeights(db: Db, index: number, first: number): Promise<number> {
  return commitObjects(db, [weightsOf(index, first)])
}

function weightsOf(index: number, first: number): MeshObject {
  const backendRefs = [['v1', first], ['v2', 100 - first]].map(([version, weight]) => ({ kind: 'AgentVersion', name: `${nameOf(index)}-${version}`, weight }))
  return route(nameOf(index), { parentRefs: [{ kind: 'Agent', name: nameOf(index) }], rules: [{ backendRefs }] }, namespaceOf(index))
}

async function commitObjects(db: Db, objects: readonly MeshObject[]): Promise<number> {
  const result = await commitChange(db, { mesh: MESH, author: 'fleet', reason: '', changes: objects.map((object) => ({ ref: refOf(object), expected: 'any' as const, after: object })) })
  if (result.outcome !== 'committed' || result.revision === null) throw new Error('the commit changed nothing')
  return result.revision
}

export interface FleetClient extends Disposable {
  index: number
  /** Resources by type: names and versions. */
  held: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** When the first response came, null before, and when the newest response came, by performance.now(); and bytes and responses so far. */
  firstAt: number | null
  lastAt: number
  bytes: number
  responses: number
  /** Resources in those responses. */
  resources: number
  ended: string | null
  /** Reads no more, as a frozen proxy. */
  freeze(): void
}

/**
 * Asks for clusters at once, for what fills them, then for listeners, routes and virtual hosts, and takes all of it. One that comes back says
 * what it holds, all types at once.
 */
export function openFleetClient(port: number, index: number, onResponse: (client: FleetClient, typeUrl: string, names: string[]) => void = () => {}, back: FleetClient['held'] = new Map()): FleetClient {
  const call = openCall(port, ADS_METHODS.delta, { [IDENTITY_HEADER]: spiffeIdOf(TRUST_DOMAIN, namespaceOf(index), nameOf(index)) })
  const held = new Map(Array.from(back, ([typeUrl, versions]) => [typeUrl, new Map(versions)]))
  const client: FleetClient = { index, held, firstAt: null, lastAt: 0, bytes: 0, responses: 0, resources: 0, ended: null, freeze: () => call.freeze(), [Symbol.dispose]: () => call[Symbol.dispose]() }
  const send = (request: Partial<AdsRequest> & { typeUrl: string }) => call.write(encodeRequest('delta', request))
  const next: Record<string, (fresh: string[]) => void> = {
    [TYPE.cluster]: (fresh) => {
      const filled = fresh.filter((name) => name.includes('/'))
      if (filled.length > 0) send({ typeUrl: TYPE.endpoints, subscribe: filled })
      if (!held.has(TYPE.listener)) send({ typeUrl: TYPE.listener })
    },
    [TYPE.listener]: (fresh) => {
      if (fresh.length > 0) send({ typeUrl: TYPE.routes, subscribe: fresh })
      if (!held.has(TYPE.virtualHost)) send({ typeUrl: TYPE.virtualHost })
    },
  }
  call.onMessage = (message) => {
    const response = readNames(message)
    client.lastAt = performance.now()
    client.firstAt ??= client.lastAt
    client.bytes += message.length
    client.responses += 1
    client.resources += response.resources.length
    const known = held.get(response.typeUrl) ?? new Map<string, string>()
    held.set(response.typeUrl, known)
    const names = response.resources.map((resource) => resource.name)
    const fresh = names.filter((name) => !known.has(name))
    for (const { name, version } of response.resources) known.set(name, version)
    for (const name of response.removed) known.delete(name)
    call.write(encodeAck(response))
    next[response.typeUrl]?.(fresh)
    onResponse(client, response.typeUrl, names)
  }
  call.onEnd = (why) => (client.ended ??= why)
  const node = { id: `proxy-${index}`, build: '' }
  if (back.size === 0) send({ node, typeUrl: TYPE.cluster })
  for (const [typeUrl, versions] of back) {
    const named = typeUrl === TYPE.endpoints || typeUrl === TYPE.routes ? [...versions.keys()] : []
    send({ node, typeUrl, subscribe: named, initialVersions: Object.fromEntries(versions) })
  }
  return client
}

/** Whether a client of a fleet with one version pair an agent has everything: its own, and what it reaches. */
export function isSynced(client: FleetClient, reached: number): boolean {
  const count = (typeUrl: string) => client.held.get(typeUrl)?.size ?? 0
  return count(TYPE.endpoints) >= reached * 2 && count(TYPE.virtualHost) >= reached && count(TYPE.listener) >= 2 && count(TYPE.routes) >= 2
}
