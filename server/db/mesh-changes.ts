// What changed in a mesh since it was read, of one moment: a fleet is read whole once, and then by its changes.
import { isDeepStrictEqual } from 'node:util'
import { LIST_OF, type Instance, type MeshState } from '../contracts/mesh-state.ts'
import { describeRef, refOf, type Kind, type MeshObject, type ObjectRef } from '../contracts/object.ts'
import type { StoredObject } from '#prisma/generated/client.ts'
import { readAgentLayer, type AgentLayer } from './agent-layer.ts'
import type { Db } from './client.ts'
import { parseInstance, parseStored, readMeshState, revokedOf, type InstanceRow } from './mesh-state.ts'
import type { PoolClient } from './pool.ts'

/** Changes of instances are kept for a quarter of an hour; who read before that reads everything. */
const CHANGES_KEPT_MS = 15 * 60_000
const CHANGES_TRUSTED_MS = 5 * 60_000

/** A reading, and the moment of the store that it is of. */
export interface MeshReading {
  state: MeshState
  /** PostgreSQL's snapshot: tells which transactions the reading saw, whatever the order in which they ended. */
  snapshot: string
  /** By this process's clock, which never goes back (performance.now). */
  at: number
}

/** Everything. The snapshot is taken first: what comes between is read again with the next changes. */
export async function readWhole(db: Db, mesh: string): Promise<MeshReading> {
  const at = performance.now()
  const { rows } = await db.pool.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot')
  return { state: await readMeshState(db, mesh), snapshot: rows[0]!.snapshot, at } // a function gives one row
}

/** The mesh now: what did not change is the same value as in `held`, and `held.state` itself when nothing did. Null when only a whole reading can tell. */
export async function readChanges(db: Db, held: MeshReading): Promise<MeshReading | null> {
  if (performance.now() - held.at > CHANGES_TRUSTED_MS) return null
  const at = performance.now()
  const [layer, found] = await Promise.all([readAgentLayer(db, held.state.mesh), readAtOnce(db, held)])
  return found && { state: withChanges(held.state, found, layer), snapshot: found.snapshot, at }
}

/** Changes that no reading asks for any more. */
export async function forgetChanges(db: Db): Promise<void> {
  await db.pool.query('delete from instance_change where at < now() - make_interval(secs => $1)', [CHANGES_KEPT_MS / 1000])
}

interface Changes {
  snapshot: string
  head: number
  objects: { ref: ObjectRef; after: MeshObject | null }[]
  instances: Map<string, Instance | null>
  revoked: string[]
}

async function readAtOnce(db: Db, { state, snapshot }: MeshReading): Promise<Changes | null> {
  const client = await db.pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin isolation level repeatable read read only')
    const { rows } = await client.query<{ trust_domain: string; head: number; snapshot: string }>('select trust_domain, head, pg_current_snapshot()::text as snapshot from mesh where name = $1', [state.mesh])
    const [now] = rows
    const isSameHistory = now && now.trust_domain === state.trustDomain && now.head >= state.revision
    const found = isSameHistory
      ? { snapshot: now.snapshot, head: now.head, objects: now.head > state.revision ? await readObjects(client, state) : [], instances: await readInstances(client, state.mesh, snapshot), revoked: await readRevoked(client, state.mesh) }
      : null
    await client.query('commit')
    return found
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => (broken = failure))
    throw error
  } finally {
    client.release(broken)
  }
}

async function readObjects(client: PoolClient, { mesh, revision }: MeshState): Promise<Changes['objects']> {
  const { rows } = await client.query<Omit<StoredObject, 'uid'> & { uid: string | null }>(
    `select c.kind, c.namespace, c.name, o.mesh, o.uid, o.generation, o.revision, o.labels, o.annotations, o.spec, o.managed_by as "managedBy", o.created_at as "createdAt"
     from (select distinct kind, namespace, name from revision_change where mesh = $1 and revision > $2) c
     left join object o on o.mesh = $1 and o.kind = c.kind and o.namespace = c.namespace and o.name = c.name`,
    [mesh, revision],
  )
  return rows.map(({ uid, ...row }) => ({ ref: { kind: row.kind as Kind, namespace: row.namespace, name: row.name }, after: uid === null ? null : parseStored({ ...row, uid }) })) // kinds are written by commitChange alone
}

async function readInstances(client: PoolClient, mesh: string, snapshot: string): Promise<Changes['instances']> {
  const { rows } = await client.query<{ key: string; id: string | null } & Omit<InstanceRow, 'id'>>(
    `select c.id as key, i.id, i.namespace, i.agent, i.version, i.address, i.port, i.zone, i.labels, i.weight, i.tls, i.source
     from (select distinct id from instance_change
           where mesh = $1 and xid >= pg_snapshot_xmin($2::pg_snapshot)::text::bigint and not pg_visible_in_snapshot(xid::text::xid8, $2::pg_snapshot)) c
     left join instance i on i.mesh = $1 and i.id = c.id and i.state = 'ready'`,
    [mesh, snapshot],
  )
  return new Map(rows.map(({ key, id, ...row }) => [key, id === null ? null : parseInstance({ ...row, id })]))
}

async function readRevoked(client: PoolClient, mesh: string): Promise<string[]> {
  const { rows } = await client.query<{ spiffe_id: string }>('select distinct spiffe_id from svid where mesh = $1 and revoked_at is not null and not_after > now()', [mesh])
  return rows.map((row) => row.spiffe_id)
}

function withChanges(state: MeshState, { head, objects, instances, revoked }: Changes, layer: AgentLayer): MeshState {
  const lists = Object.entries(Object.groupBy(objects, ({ ref }) => ref.kind)).map(([kind, changes]) => {
    const list = LIST_OF[kind as Kind] // the keys are kinds
    return [list, replaced(state[list], changes.map(({ ref, after }) => [describeRef(ref), after] as const), (one: MeshObject) => describeRef(refOf(one)))]
  })
  const next = {
    ...state,
    revision: head,
    ...Object.fromEntries(lists),
    instances: withHealth(replaced(state.instances, [...instances], ({ id }) => id), layer),
    signedAgents: kept(state.signedAgents, layer.signedAgents),
    revoked: kept(state.revoked, revokedOf(state.trustDomain, revoked, layer)),
  } satisfies MeshState
  return Object.keys(next).every((key) => next[key as keyof MeshState] === state[key as keyof MeshState]) ? state : next
}

/** The list with some entries replaced, gone (null) or new; itself when that makes no difference. New ones go to the end: no order of a list means anything. */
function replaced<T>(list: readonly T[], changes: readonly (readonly [key: string, after: T | null])[], keyOf: (one: T) => string): readonly T[] {
  const changed = new Map(changes)
  if (changed.size === 0) return list
  let differs = false
  const result = list.flatMap((one) => {
    const key = keyOf(one)
    const after = changed.get(key)
    if (after === undefined) return [one]
    changed.delete(key)
    if (after !== null && isDeepStrictEqual(one, after)) return [one]
    differs = true
    return after === null ? [] : [after]
  })
  const fresh = [...changed.values()].filter((one) => one !== null)
  return differs || fresh.length > 0 ? [...result, ...fresh] : list
}

function withHealth(instances: readonly Instance[], { healthOf }: AgentLayer): readonly Instance[] {
  if (instances.every((instance) => healthOf(instance.id).health === instance.health)) return instances
  return instances.map((instance) => {
    const now = healthOf(instance.id)
    if (now.health === instance.health) return instance
    const { health: _, ...rest } = instance
    return { ...rest, ...now }
  })
}

function kept(before: readonly string[], found: readonly string[]): readonly string[] {
  return isDeepStrictEqual(before, found) ? before : found
}
