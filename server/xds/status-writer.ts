// What proxies said, into PostgreSQL: collected while a write is under way, then written in sets. An outage loses nothing that
// still holds when it is over, because each row waits under its key in its newest form.
import { setTimeout as delay } from 'node:timers/promises'
import type { Resource } from '../compile/encode.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import type { RevisionRow } from './revision-rows.ts'

const RETRY_MS = 500
/** A push waits this long for its answers, so that both are one write; a verdict that somebody waits for goes almost at once. */
const GATHER_MS = { push: 10, verdict: 1 }

interface ResourceState {
  sent?: string | null
  acked?: string | null
  refused?: string | null
  reason?: string | null
}

export interface ProxyKey {
  mesh: string
  id: string
}

interface Pending {
  resources: Map<string, { proxy: ProxyKey; typeUrl: string; name: string; state: ResourceState }>
  dropped: Map<string, { proxy: ProxyKey; typeUrl: string; keep: string[] | null; name: string }>
  accepted: Map<string, { mesh: string; build: string; resource: Resource }>
  refused: Map<string, { mesh: string; build: string; resource: Resource; proxy: string; reason: string }>
  rows: Map<string, { proxy: ProxyKey; row: RevisionRow }>
  left: Map<string, { proxy: ProxyKey; connectedAt: Date }>
  compiled: Map<string, number>
}

export class StatusWriter implements AsyncDisposable {
  readonly #db: Db
  readonly #controlId: string
  readonly #onError: (error: Error) => void
  #pending = nothing()
  #running: Promise<void> | null = null
  #hurry = () => {}
  #stopped = false

  constructor(db: Db, controlId: string, onError: (error: Error) => void) {
    this.#db = db
    this.#controlId = controlId
    this.#onError = onError
  }

  resource(proxy: ProxyKey, typeUrl: string, name: string, state: ResourceState): void {
    const key = JSON.stringify([proxy.mesh, proxy.id, typeUrl, name])
    const known = this.#pending.resources.get(key)
    this.#pending.resources.set(key, { proxy, typeUrl, name, state: { ...known?.state, ...state } })
    this.#pending.dropped.delete(key)
    this.#wake()
  }

  dropResource(proxy: ProxyKey, typeUrl: string, name: string): void {
    const key = JSON.stringify([proxy.mesh, proxy.id, typeUrl, name])
    this.#pending.resources.delete(key)
    this.#pending.dropped.set(key, { proxy, typeUrl, keep: null, name })
    this.#wake()
  }

  /** A stream begins a type: rows of what the proxy does not hold are of an earlier life. */
  keepOnly(proxy: ProxyKey, typeUrl: string, names: string[]): void {
    this.#pending.dropped.set(JSON.stringify([proxy.mesh, proxy.id, typeUrl]), { proxy, typeUrl, keep: names, name: '' })
    this.#wake()
  }

  accepted(mesh: string, build: string, resource: Resource): void {
    this.#pending.accepted.set(JSON.stringify([mesh, build, resource.typeUrl, resource.scope, resource.name]), { mesh, build, resource })
    this.#wake()
  }

  refused(mesh: string, build: string, resource: Resource, proxy: string, reason: string): void {
    this.#pending.refused.set(JSON.stringify([mesh, build, resource.typeUrl, resource.scope, resource.name, resource.version]), { mesh, build, resource, proxy, reason })
    this.#wake()
  }

  row(proxy: ProxyKey, row: RevisionRow): void {
    this.#pending.rows.set(JSON.stringify([proxy.mesh, row.revision, proxy.id]), { proxy, row })
    this.#wake()
    if (row.state !== 'pending') setTimeout(() => this.#hurry(), GATHER_MS.verdict)
  }

  left(proxy: ProxyKey, connectedAt: Date): void {
    this.#pending.left.set(JSON.stringify([proxy.mesh, proxy.id]), { proxy, connectedAt })
    this.#wake()
  }

  /** Said with, or after, the rows of these revisions: whoever reads it may count them. */
  compiled(mesh: string, revision: number): void {
    this.#pending.compiled.set(mesh, revision)
    this.#wake()
  }

  /** Resolves once everything said so far is stored. */
  async flushed(): Promise<void> {
    while (this.#running) await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  #wake(): void {
    this.#running ??= this.#drain().finally(() => (this.#running = null))
  }

  async #drain(): Promise<void> {
    while (!isEmpty(this.#pending)) {
      await this.#gather()
      const batch = this.#pending
      this.#pending = nothing()
      try {
        await this.#write(batch)
      } catch (error) {
        this.#onError(new Error(`cannot store what proxies said: ${messageOf(error)}`, { cause: error }))
        this.#pending = newerOver(batch, this.#pending)
        if (this.#stopped) return
        await delay(RETRY_MS)
      }
    }
  }

  #gather(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS.push)
      this.#hurry = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #write(batch: Pending): Promise<void> {
    await inTransaction(this.#db.pool, async (client) => {
      await writeDropped(client, batch)
      await writeResources(client, batch)
      await writeVerdicts(client, batch)
      await writeRows(client, batch)
      await this.#writeProxies(client, batch)
      const meshes = meshesOf(batch)
      for (const mesh of meshes) {
        await markAccepted(client, mesh)
        await notify(client, 'proxy', { mesh })
      }
    })
  }

  async #writeProxies(client: PoolClient, batch: Pending): Promise<void> {
    const left = [...batch.left.values()]
    if (left.length > 0) {
      await client.query(
        `update proxy set control_id = null, disconnected_at = now(), last_seen = now() from unnest($1::text[], $2::text[], $3::timestamptz[]) as gone (mesh, id, since)
         where proxy.mesh = gone.mesh and proxy.id = gone.id and proxy.control_id = $4 and proxy.connected_at = gone.since`,
        [left.map((one) => one.proxy.mesh), left.map((one) => one.proxy.id), left.map((one) => one.connectedAt), this.#controlId],
      )
    }
    if (batch.compiled.size > 0) {
      await client.query('update control_process set compiled = compiled || $2::jsonb where id = $1', [this.#controlId, JSON.stringify(Object.fromEntries(batch.compiled))])
    }
  }
}

async function writeDropped(client: PoolClient, batch: Pending): Promise<void> {
  for (const { proxy, typeUrl, keep, name } of batch.dropped.values()) {
    if (keep) await client.query('delete from proxy_resource where mesh = $1 and proxy = $2 and type_url = $3 and name <> all($4)', [proxy.mesh, proxy.id, typeUrl, keep])
    else await client.query('delete from proxy_resource where mesh = $1 and proxy = $2 and type_url = $3 and name = $4', [proxy.mesh, proxy.id, typeUrl, name])
  }
}

async function writeResources(client: PoolClient, batch: Pending): Promise<void> {
  const rows = [...batch.resources.values()].map(({ proxy, typeUrl, name, state }) => ({ mesh: proxy.mesh, proxy: proxy.id, type_url: typeUrl, name, ...state }))
  if (rows.length === 0) return
  await client.query(
    `insert into proxy_resource as p (mesh, proxy, type_url, name, sent, acked, refused, reason, changed_at)
     select r.mesh, r.proxy, r.type_url, r.name, r.sent, r.acked, r.refused, r.reason, now()
     from jsonb_to_recordset($1::jsonb) as r (mesh text, proxy text, type_url text, name text, sent text, acked text, refused text, reason text)
     join proxy on proxy.mesh = r.mesh and proxy.id = r.proxy
     on conflict (mesh, proxy, type_url, name) do update set changed_at = now(),
       sent = coalesce(excluded.sent, p.sent), acked = coalesce(excluded.acked, p.acked), refused = excluded.refused, reason = excluded.reason`,
    [JSON.stringify(rows)],
  )
}

async function writeVerdicts(client: PoolClient, batch: Pending): Promise<void> {
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

async function writeRows(client: PoolClient, batch: Pending): Promise<void> {
  const rows = [...batch.rows.values()].map(({ proxy, row }) => ({ mesh: proxy.mesh, revision: row.revision, proxy: proxy.id, state: row.state, changes: row.changes, refusal: row.refusal }))
  if (rows.length === 0) return
  await client.query(
    `insert into revision_proxy as p (mesh, revision, proxy, state, changes, refusal, decided_at)
     select r.mesh, r.revision, r.proxy, r.state, r.changes, nullif(r.refusal, 'null'::jsonb), case when r.state <> 'pending' then now() end
     from jsonb_to_recordset($1::jsonb) as r (mesh text, revision integer, proxy text, state text, changes jsonb, refusal jsonb)
     join revision on revision.mesh = r.mesh and revision.number = r.revision
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

function nothing(): Pending {
  return { resources: new Map(), dropped: new Map(), accepted: new Map(), refused: new Map(), rows: new Map(), left: new Map(), compiled: new Map() }
}

function isEmpty(pending: Pending): boolean {
  return Object.values(pending).every((part) => part.size === 0)
}

function meshesOf(batch: Pending): Set<string> {
  const proxies = [...batch.resources.values(), ...batch.rows.values(), ...batch.left.values(), ...batch.dropped.values()].map((one) => one.proxy.mesh)
  return new Set([...proxies, ...batch.compiled.keys()])
}

/** What failed to be written, with what came since on top. */
function newerOver(older: Pending, newer: Pending): Pending {
  const resources = new Map(older.resources)
  for (const key of newer.dropped.keys()) resources.delete(key)
  for (const [key, entry] of newer.resources) resources.set(key, { ...entry, state: { ...resources.get(key)?.state, ...entry.state } })
  const over = <K, V>(a: Map<K, V>, b: Map<K, V>) => new Map([...a, ...b])
  return {
    resources,
    dropped: over(older.dropped, newer.dropped),
    accepted: over(older.accepted, newer.accepted),
    refused: over(older.refused, newer.refused),
    rows: over(older.rows, newer.rows),
    left: over(older.left, newer.left),
    compiled: over(older.compiled, newer.compiled),
  }
}
