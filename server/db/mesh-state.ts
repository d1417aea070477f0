import { listsOf, type Instance, type MeshState } from '../contracts/mesh-state.ts'
import { MeshError } from '../contracts/errors.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import { GATEWAY_API, HEDDLE_API } from '../contracts/meta.ts'
import { KINDS, type Kind, type MeshObject, type ObjectRef } from '../contracts/object.ts'
import type { Instance as StoredInstance, StoredObject } from '#prisma/generated/client.ts'
import { readAgentLayer, type AgentLayer } from './agent-layer.ts'
import type { Db } from './client.ts'

const API_VERSION: Record<Kind, string> = {
  Agent: HEDDLE_API,
  AgentVersion: HEDDLE_API,
  AuthorizationPolicy: HEDDLE_API,
  AgentRoute: HEDDLE_API,
  HealthProbe: HEDDLE_API,
  ExternalService: HEDDLE_API,
  EgressPolicy: HEDDLE_API,
  Objective: HEDDLE_API,
  PeerAuthentication: HEDDLE_API,
  TrafficPolicy: HEDDLE_API,
  HTTPRoute: GATEWAY_API,
  GRPCRoute: GATEWAY_API,
  Gateway: GATEWAY_API,
}

/** Objects, instances in rotation and revocations of one moment, the revision's; what was learned of agents (health, blocks, signatures) is read beside it, for it has no revision. */
export async function readMeshState(db: Db, mesh: string): Promise<MeshState> {
  const [layer, [row, objects, instances, revoked]] = await Promise.all([readAgentLayer(db, mesh), readStored(db, mesh)])
  if (!row) throw new MeshError('not_found', `there is no mesh “${mesh}”`)
  return {
    mesh,
    trustDomain: row.trustDomain,
    revision: row.head,
    ...listsOf(objects.map(parseStored)),
    signedAgents: layer.signedAgents,
    instances: instances.map((instance) => ({ ...parseInstance(instance), ...layer.healthOf(instance.id) })),
    revoked: revokedOf(row.trustDomain, revoked.map((svid) => svid.spiffeId), layer),
  }
}

/** An instance's row, without what its probes found. */
export function parseInstance(row: InstanceRow): Instance {
  const { id, namespace, agent, version, address, port, zone, weight, tls } = row
  const labels = row.labels as Record<string, string> // written by discovery from a parsed heartbeat
  return { id, namespace, agent, version, address, port, zone, labels, weight, tls, source: row.source === 'static' ? 'static' : 'sidecar' }
}

export type InstanceRow = Pick<StoredInstance, 'id' | 'namespace' | 'agent' | 'version' | 'address' | 'port' | 'zone' | 'labels' | 'weight' | 'tls' | 'source'>

/** SPIFFE ids whose certificates were revoked, and those of peers that a person blocked. */
export function revokedOf(trustDomain: string, revoked: readonly string[], { blocked }: Pick<AgentLayer, 'blocked'>): string[] {
  return [...new Set([...revoked, ...blocked.map(({ namespace, agent }) => spiffeIdOf(trustDomain, namespace, agent))])]
}

function readStored(db: Db, mesh: string) {
  return db.prisma.$transaction(
    [
      db.prisma.mesh.findUnique({ where: { name: mesh } }),
      db.prisma.storedObject.findMany({ where: { mesh }, orderBy: [{ kind: 'asc' }, { namespace: 'asc' }, { name: 'asc' }] }),
      db.prisma.instance.findMany({ where: { mesh, state: 'ready' }, orderBy: { id: 'asc' } }),
      db.prisma.svid.findMany({ where: { mesh, revokedAt: { not: null }, notAfter: { gt: new Date() } }, select: { spiffeId: true }, distinct: ['spiffeId'] }),
    ],
    { isolationLevel: 'RepeatableRead' },
  )
}

/** One object as it is now; null when there is none. */
export async function readMeshObject(db: Db, mesh: string, { kind, namespace, name }: ObjectRef): Promise<MeshObject | null> {
  const row = await db.prisma.storedObject.findUnique({ where: { mesh_kind_namespace_name: { mesh, kind, namespace, name } } })
  return row && parseStored(row)
}

/** The object of a row, as the API shows it. */
export function parseStored(row: StoredObject): MeshObject {
  const kind = row.kind as Kind // only commitChange writes rows, and only of a known kind
  return KINDS[kind].schema.parse({
    apiVersion: API_VERSION[kind],
    kind,
    metadata: {
      name: row.name,
      namespace: row.namespace,
      labels: row.labels,
      annotations: row.annotations,
      uid: row.uid,
      generation: row.generation,
      resourceVersion: String(row.revision),
      creationTimestamp: row.createdAt.toISOString(),
      managedBy: row.managedBy,
    },
    spec: row.spec,
  })
}
