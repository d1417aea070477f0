// The statements behind status-writer.ts, each for a whole set. Rows of a proxy are written under a lock on it, for it may be deleted meanwhile.
import type { Resource } from '../compile/encode.ts'
import type { PoolClient } from '../db/pool.ts'
import type { RevisionRow } from './revision-rows.ts'

export interface ResourceState {
  sent?: string | null
  acked?: string | null
  refused?: string | null
  reason?: string | null
}

export interface ProxyKey {
  mesh: string
  id: string
}

/** By proxy, then by type. */
export type ByType<T> = Map<string, { proxy: ProxyKey; types: Map<string, T> }>

/** Rows a statement: a fleet that comes at once makes hundreds of thousands, and their text would be as many bytes at once. */
const ROWS_MAX = 10_000

/** What waits to be written, each thing under its key in its newest form. */
export interface Pending {
  resources: ByType<Map<string, ResourceState>>
  /** What a stream began with, names and versions: of its type the proxy has nothing else. Written before all else. */
  held: ByType<ReadonlyMap<string, string>>
  dropped: ByType<Set<string>>
  accepted: Map<string, { mesh: string; build: string; resource: Resource }>
  refused: Map<string, { mesh: string; build: string; resource: Resource; proxy: string; reason: string }>
  rows: Map<string, { proxy: ProxyKey; row: RevisionRow }>
  left: Map<string, { proxy: ProxyKey; connectedAt: Date }>
  compiled: Map<string, number>
}

export async function writeDropped(client: PoolClient, batch: Pending): Promise<void> {
  const held = listByType(batch.held).map(({ value, ...key }) => ({ ...key, held: Object.fromEntries(value) }))
  if (held.length > 0) await writeHeld(client, JSON.stringify(held))
  const dropped = listByType(batch.dropped).flatMap(({ value, ...key }) => Array.from(value, (name) => ({ ...key, name })))
  if (dropped.length === 0) return
  await client.query(
    `delete from proxy_resource p using jsonb_to_recordset($1::jsonb) as r (mesh text, proxy text, type_url text, name text)
     where p.mesh = r.mesh and p.proxy = r.proxy and p.type_url = r.type_url and p.name = r.name`,
    [JSON.stringify(dropped)],
  )
}

/** An answer may have been lost with the stream before: what the proxy says that it holds, it took. */
async function writeHeld(client: PoolClient, held: string): Promise<void> {
  await client.query(
    `delete from proxy_resource p using jsonb_to_recordset($1::jsonb) as r (mesh text, proxy text, type_url text, held jsonb)
     where p.mesh = r.mesh and p.proxy = r.proxy and p.type_url = r.type_url and not r.held ? p.name`,
    [held],
  )
  await client.query(
    `with r as (select * from jsonb_to_recordset($1::jsonb) as r (mesh text, proxy text, type_url text, held jsonb)),
       x as (select mesh, id from proxy where (mesh, id) in (select mesh, proxy from r) order by mesh, id for key share)
     insert into proxy_resource as p (mesh, proxy, type_url, name, sent, acked, changed_at)
     select x.mesh, x.id, r.type_url, held.key, held.value, held.value, now()
     from r join x on x.mesh = r.mesh and x.id = r.proxy, jsonb_each_text(r.held) as held
     on conflict (mesh, proxy, type_url, name) do update set sent = excluded.sent, acked = excluded.acked, changed_at = now() where (p.sent, p.acked) is distinct from (excluded.sent, excluded.acked)`,
    [held],
  )
}

export async function writeResources(client: PoolClient, batch: Pending): Promise<void> {
  const taken: Taken[] = []
  const others: unknown[] = []
  for (const { value, ...key } of listByType(batch.resources)) {
    const whole: Taken = { ...key, names: [], versions: [] }
    for (const [name, state] of value) {
      if (isTaken(state)) {
        whole.names.push(name)
        whole.versions.push(state.acked)
      } else others.push({ ...key, name, ...state })
    }
    if (whole.names.length > 0) taken.push(whole)
  }
  for (const some of inParts(taken)) await insertTaken(client, some)
  for (let at = 0; at < others.length; at += ROWS_MAX) await insertResources(client, others.slice(at, at + ROWS_MAX))
}

/** Of one type, what a proxy took as it was sent. */
interface Taken {
  mesh: string
  proxy: string
  type_url: string
  names: string[]
  versions: string[]
}

function isTaken(state: ResourceState): state is { acked: string } {
  const { sent, acked, refused = null, reason = null } = state
  return typeof acked === 'string' && sent === acked && refused === null && reason === null
}

function* inParts(taken: readonly Taken[]): Generator<Taken[]> {
  let part: Taken[] = []
  let rows = 0
  for (const one of taken) {
    if (rows > 0 && rows + one.names.length > ROWS_MAX) {
      yield part
      ;[part, rows] = [[], 0]
    }
    part.push(one)
    rows += one.names.length
  }
  if (rows > 0) yield part
}

/** Nearly all there is to write of a fleet: a text a proxy and type, split where it is stored. No name or version has a line feed (refusals.ts). */
async function insertTaken(client: PoolClient, taken: readonly Taken[]): Promise<void> {
  await client.query(
    `with t as (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as t (mesh, proxy, type_url, names, versions)),
       x as (select mesh, id from proxy where (mesh, id) in (select mesh, proxy from t) order by mesh, id for key share)
     insert into proxy_resource as p (mesh, proxy, type_url, name, sent, acked, changed_at)
     select t.mesh, t.proxy, t.type_url, r.name, r.version, r.version, now()
     from t join x on x.mesh = t.mesh and x.id = t.proxy
     cross join lateral unnest(string_to_array(t.names, E'\\n'), string_to_array(t.versions, E'\\n')) as r (name, version)
     on conflict (mesh, proxy, type_url, name) do update set changed_at = now(), sent = excluded.sent, acked = excluded.acked, refused = null, reason = null`,
    [taken.map(({ mesh }) => mesh), taken.map(({ proxy }) => proxy), taken.map(({ type_url }) => type_url), taken.map(({ names }) => names.join('\n')), taken.map(({ versions }) => versions.join('\n'))],
  )
}

function listByType<T>(all: ByType<T>): { mesh: string; proxy: string; type_url: string; value: T }[] {
  return [...all.values()].flatMap(({ proxy, types }) => Array.from(types, ([type_url, value]) => ({ mesh: proxy.mesh, proxy: proxy.id, type_url, value })))
}

async function insertResources(client: PoolClient, rows: unknown[]): Promise<void> {
  await client.query(
    `with r as (select * from jsonb_to_recordset($1::jsonb) as r (mesh text, proxy text, type_url text, name text, sent text, acked text, refused text, reason text)),
       x as (select mesh, id from proxy where (mesh, id) in (select mesh, proxy from r) order by mesh, id for key share)
     insert into proxy_resource as p (mesh, proxy, type_url, name, sent, acked, refused, reason, changed_at)
     select r.mesh, r.proxy, r.type_url, r.name, r.sent, r.acked, r.refused, r.reason, now()
     from r join x on x.mesh = r.mesh and x.id = r.proxy
     on conflict (mesh, proxy, type_url, name) do update set changed_at = now(),
       sent = coalesce(excluded.sent, p.sent), acked = coalesce(excluded.acked, p.acked), refused = excluded.refused, reason = excluded.reason`,
    [JSON.stringify(rows)],
  )
}

export async function writeVerdicts(client: PoolClient, batch: Pending): Promise<void> {
  const accepted = [...batch.accepted.values()]
  if (accepted.length > 0) {
    await client.query(
      `insert into accepted_resource as a (mesh, build, type_url, scope, name, version, bytes)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])
       on conflict (mesh, build, type_url, scope, name) do update set version = excluded.version, bytes = excluded.bytes, accepted_at = now() where a.version <> excluded.version`,
      [...columns(accepted), accepted.map(({ resource }) => Buffer.from(resource.bytes))],
    )
  }
  const refused = [...batch.refused.values()]
  if (refused.length > 0) {
    await client.query(
      `insert into refused_resource (mesh, build, type_url, scope, name, version, proxy, reason)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
       on conflict do nothing`,
      [...columns(refused), refused.map((one) => one.proxy), refused.map((one) => one.reason)],
    )
  }
}

function columns(entries: { mesh: string; build: string; resource: Resource }[]) {
  return [
    entries.map((one) => one.mesh),
    entries.map((one) => one.build),
    entries.map((one) => one.resource.typeUrl),
    entries.map((one) => one.resource.scope),
    entries.map((one) => one.resource.name),
    entries.map((one) => one.resource.version),
  ]
}

export async function writeRows(client: PoolClient, batch: Pending): Promise<void> {
  const rows = [...batch.rows.values()].map(({ proxy, row }) => ({ mesh: proxy.mesh, revision: row.revision, proxy: proxy.id, state: row.state, changes: row.changes, refusal: row.refusal, orphan: row.orphan ?? false }))
  const orphans = rows.filter((row) => row.orphan)
  if (rows.length > orphans.length) await insertRows(client, rows.filter((row) => !row.orphan), '')
  // Locked against a stream that begins right now and looks for its open rows.
  if (orphans.length > 0) await insertRows(client, orphans, `where x.control_id is null or not exists (select from control_process c where c.id = x.control_id and c.heartbeat_at > now() - interval '5 seconds') for share of x`)
}

async function insertRows(client: PoolClient, rows: unknown[], only: string): Promise<void> {
  await client.query(
    `insert into revision_proxy as p (mesh, revision, proxy, state, changes, refusal, decided_at)
     select r.mesh, r.revision, r.proxy, r.state, r.changes, nullif(r.refusal, 'null'::jsonb), case when r.state <> 'pending' then now() end
     from jsonb_to_recordset($1::jsonb) as r (mesh text, revision integer, proxy text, state text, changes jsonb, refusal jsonb)
     join revision on revision.mesh = r.mesh and revision.number = r.revision
     join proxy x on x.mesh = r.mesh and x.id = r.proxy
     ${only}
     on conflict (mesh, revision, proxy) do update set state = excluded.state, refusal = excluded.refusal, decided_at = excluded.decided_at where p.state = 'pending'`,
    [JSON.stringify(rows)],
  )
}

/** A revision is accepted when every proxy that needs it has said so, and every control process has named those that need it. */
export async function markAccepted(client: Pick<PoolClient, 'query'>, mesh: string): Promise<void> {
  await client.query(
    `update revision r set accepted_at = now()
     where r.mesh = $1 and r.accepted_at is null and r.number > (select head from mesh where name = $1) - 200
       and not exists (select from revision_proxy p join proxy x on x.mesh = p.mesh and x.id = p.proxy where p.mesh = r.mesh and p.revision = r.number and p.state <> 'accepted')
       and exists (select from control_process)
       and not exists (select from control_process c where coalesce((c.compiled->>$1)::int, 0) < r.number)`,
    [mesh],
  )
}
