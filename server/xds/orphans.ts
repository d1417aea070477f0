// Proxies without a stream that a revision must still count: those that lost it shortly before the commit (they may be frozen, not
// gone), those of a control process that died before it said who needs the revision, and those on their way from one to another.
import { compileSnapshot, type Snapshot } from '../compile/snapshot.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { viewOf, type JoiningProxy } from './proxy-rows.ts'
import type { Change, RevisionRow } from './revision-rows.ts'
import { markAccepted } from './status-sql.ts'
import type { StatusWriter } from './status-writer.ts'

/** A proxy that lost its stream this long before a commit is still expected back. */
export const EXPECTED_BACK_MS = 30_000

/** A control process that wrote no heartbeat for this long is dead. */
const CONTROL_DEAD_MS = 5000

export interface Orphan {
  id: string
  namespace: string
  agent: string
  version: string
  endpoints: Record<string, never>
}

/** The proxies that lost their stream within the last half minute. */
export async function readOrphans(db: Db, mesh: string): Promise<Orphan[]> {
  const { rows } = await db.pool.query<Orphan>(
    `select id, namespace, agent, version, endpoints from proxy
     where mesh = $1 and control_id is null and disconnected_at > now() - make_interval(secs => $2) limit 10000`,
    [mesh, EXPECTED_BACK_MS / 1000],
  )
  return rows
}

/** Takes over what dead control processes left open, and forgets them. One that had our own address is dead for certain. */
export async function reapControls(db: Db, writer: StatusWriter, own: { id: string; address: string }, stateOf: (mesh: string) => MeshState | null): Promise<void> {
  const { rows: dead } = await db.pool.query<{ id: string; compiled: Record<string, number>; heartbeat_at: Date }>(
    'select id, compiled, heartbeat_at from control_process where id <> $1 and (address = $3 or heartbeat_at < now() - make_interval(secs => $2))',
    [own.id, CONTROL_DEAD_MS / 1000, own.address],
  )
  for (const control of dead) {
    const { rows } = await db.pool.query<Orphan & { mesh: string }>('select mesh, id, namespace, agent, version, endpoints from proxy where control_id = $1', [control.id])
    for (const [mesh, orphans] of Map.groupBy(rows, (row) => row.mesh)) {
      const state = stateOf(mesh)
      if (state) await countOrphans(db, writer, state, control.compiled[mesh] ?? state.revision, orphans)
    }
    await writer.flushed()
    await db.pool.query('update proxy set control_id = null, disconnected_at = $2 where control_id = $1', [control.id, control.heartbeat_at])
    await db.pool.query('delete from control_process where id = $1', [control.id])
    for (const mesh of new Set([...Object.keys(control.compiled), ...rows.map((row) => row.mesh)])) await markAccepted(db.pool, mesh)
  }
}

/** Opens rows of the revisions after `since` for those orphans that need them. */
export async function countOrphans(db: Db, writer: StatusWriter, state: MeshState, since: number, orphans: Orphan[]): Promise<void> {
  if (orphans.length === 0 || state.revision <= since) return
  const held = await readHeld(db, state.mesh, orphans)
  for (const orphan of orphans) {
    const view = viewOf(orphan)
    if (!view) continue
    const changes = differing(compileSnapshot(state, view), held.get(orphan.id) ?? [])
    if (changes.length === 0) continue
    for (let revision = since + 1; revision <= state.revision; revision++) writer.row({ mesh: state.mesh, id: orphan.id }, { revision, state: 'pending', changes, refusal: null, orphan: true })
  }
}

/**
 * Rows for the revisions that came while a proxy was on its way here: the control process that it had was killed before it named who
 * needs them, and this one named its own before the proxy was among them.
 */
export async function readMissedRows(db: Db, state: MeshState, proxy: JoiningProxy): Promise<RevisionRow[]> {
  const { rows } = await db.pool.query<{ compiled: number | null; counted: number[] }>({
    name: 'missed-rows',
    text: `select (compiled->>$2)::int as compiled, array(select revision from revision_proxy where mesh = $2 and proxy = $3 and revision > (compiled->>$2)::int) as counted
     from control_process where id = $1`,
    values: [proxy.control_id, state.mesh, proxy.id],
  })
  const { compiled = null, counted = [] } = rows[0] ?? {}
  const view = viewOf(proxy)
  if (compiled === null || compiled >= state.revision || !view) return []
  const changes = differing(compileSnapshot(state, view), (await readHeld(db, state.mesh, [proxy])).get(proxy.id) ?? [])
  if (changes.length === 0) return []
  const revisions = Array.from({ length: state.revision - compiled }, (_, n) => compiled + 1 + n)
  return revisions.filter((revision) => !counted.includes(revision)).map((revision) => ({ revision, state: 'pending', changes, refusal: null }))
}

interface Held {
  proxy: string
  type_url: string
  name: string
  acked: string | null
}

async function readHeld(db: Db, mesh: string, proxies: readonly { id: string }[]): Promise<Map<string, Held[]>> {
  const { rows } = await db.pool.query<Held>('select proxy, type_url, name, acked from proxy_resource where mesh = $1 and proxy = any($2)', [mesh, proxies.map(({ id }) => id)])
  return Map.groupBy(rows, (row) => row.proxy)
}

/** Among the types that the proxy had: what it lacks or has in another version. */
function differing(snapshot: Snapshot, held: readonly Held[]): Change[] {
  const versions = new Map(held.map((row) => [`${row.type_url} ${row.name}`, row.acked]))
  const types = new Set(held.map((row) => row.type_url))
  return [...snapshot.resources].flatMap(([typeUrl, resources]) =>
    types.has(typeUrl) ? [...resources.values()].filter((resource) => versions.get(`${typeUrl} ${resource.name}`) !== resource.version).map(({ name, version }) => ({ typeUrl, name, version })) : [],
  )
}
