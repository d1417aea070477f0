// What proxies said, into PostgreSQL: collected while a write is under way, then written in sets. An outage loses nothing that
// still holds when it is over, because each row waits under its key in its newest form.
import { setTimeout as delay } from 'node:timers/promises'
import type { Resource } from '../compile/encode.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction } from '../db/pool.ts'
import type { RevisionRow } from './revision-rows.ts'
import { markAccepted, writeDropped, writeResources, writeRows, writeVerdicts, type ByType, type Pending, type ProxyKey, type ResourceState } from './status-sql.ts'

const RETRY_MS = 500
/** A push waits this long for its answers, so that both are one write; a verdict that somebody waits for goes almost at once. */
const GATHER_MS = { push: 10, verdict: 1 }

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
    const names = entryOf(this.#pending.resources, proxy, typeUrl, () => new Map<string, ResourceState>())
    const known = names.get(name)
    if (known) Object.assign(known, state)
    else names.set(name, { ...state })
    typesOf(this.#pending.dropped, proxy)?.get(typeUrl)?.delete(name)
    this.#wake()
  }

  dropResource(proxy: ProxyKey, typeUrl: string, name: string): void {
    typesOf(this.#pending.resources, proxy)?.get(typeUrl)?.delete(name)
    entryOf(this.#pending.dropped, proxy, typeUrl, () => new Set<string>()).add(name)
    this.#wake()
  }

  /** A stream begins a type with what the proxy holds, by name and version; rows of anything else are of an earlier life. */
  keepOnly(proxy: ProxyKey, typeUrl: string, held: ReadonlyMap<string, string>): void {
    setEntry(this.#pending.held, proxy, typeUrl, held)
    typesOf(this.#pending.dropped, proxy)?.delete(typeUrl)
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
    this.#running ??= this.#drain().finally(() => {
      this.#running = null
      if (!this.#stopped && !isEmpty(this.#pending)) this.#wake() // said in the very moment of ending
    })
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
    const meshes = meshesOf(batch)
    await this.#writeLeft(batch)
    await inTransaction(this.#db.pool, async (client) => {
      await writeDropped(client, batch)
      await writeResources(client, batch)
      await writeVerdicts(client, batch)
      await writeRows(client, batch)
      if (batch.compiled.size > 0) await client.query('update control_process set compiled = compiled || $2::jsonb where id = $1', [this.#controlId, JSON.stringify(Object.fromEntries(batch.compiled))])
      for (const mesh of meshes) {
        await markAccepted(client, mesh)
        await notify(client, 'proxy', { mesh })
      }
    })
  }

  /** One by one: heartbeats update the same rows in sets, and two sets can wait for each other. */
  async #writeLeft(batch: Pending): Promise<void> {
    for (const [key, { proxy, connectedAt }] of batch.left) {
      await this.#db.pool.query('update proxy set control_id = null, disconnected_at = now(), last_seen = now() where mesh = $1 and id = $2 and control_id = $3 and connected_at = $4', [proxy.mesh, proxy.id, this.#controlId, connectedAt])
      batch.left.delete(key)
    }
  }
}

function nothing(): Pending {
  return { resources: new Map(), held: new Map(), dropped: new Map(), accepted: new Map(), refused: new Map(), rows: new Map(), left: new Map(), compiled: new Map() }
}

function isEmpty(pending: Pending): boolean {
  return Object.values(pending).every((part) => part.size === 0)
}

function meshesOf(batch: Pending): Set<string> {
  const parts = [batch.resources, batch.rows, batch.left, batch.held, batch.dropped]
  return new Set([...parts.flatMap((part) => Array.from<{ proxy: ProxyKey }, string>(part.values(), ({ proxy }) => proxy.mesh)), ...batch.compiled.keys()])
}

/** What failed to be written, with what came since on top. */
function newerOver(older: Pending, newer: Pending): Pending {
  for (const { proxy, types } of newer.dropped.values()) for (const [typeUrl, names] of types) for (const name of names) typesOf(older.resources, proxy)?.get(typeUrl)?.delete(name)
  for (const { proxy, types } of newer.resources.values()) {
    for (const [typeUrl, states] of types) {
      const known = entryOf(older.resources, proxy, typeUrl, () => new Map<string, ResourceState>())
      for (const [name, state] of states) known.set(name, { ...known.get(name), ...state })
    }
  }
  for (const { proxy, types } of newer.held.values()) {
    for (const [typeUrl, held] of types) {
      setEntry(older.held, proxy, typeUrl, held)
      typesOf(older.dropped, proxy)?.delete(typeUrl)
    }
  }
  for (const { proxy, types } of newer.dropped.values()) for (const [typeUrl, names] of types) setEntry(older.dropped, proxy, typeUrl, new Set([...(typesOf(older.dropped, proxy)?.get(typeUrl) ?? []), ...names]))
  const over = <K, V>(a: Map<K, V>, b: Map<K, V>) => new Map([...a, ...b])
  return {
    resources: older.resources,
    held: older.held,
    dropped: older.dropped,
    accepted: over(older.accepted, newer.accepted),
    refused: over(older.refused, newer.refused),
    rows: over(older.rows, newer.rows),
    left: over(older.left, newer.left),
    compiled: over(older.compiled, newer.compiled),
  }
}

/** A proxy's id names it within its mesh. */
function proxyKey({ mesh, id }: ProxyKey): string {
  return `${mesh}/${id}`
}

function typesOf<T>(all: ByType<T>, proxy: ProxyKey): Map<string, T> | undefined {
  return all.size === 0 ? undefined : all.get(proxyKey(proxy))?.types
}

function entryOf<T>(all: ByType<T>, proxy: ProxyKey, typeUrl: string, make: () => T): T {
  const known = typesOf(all, proxy)?.get(typeUrl)
  return known ?? setEntry(all, proxy, typeUrl, make())
}

function setEntry<T>(all: ByType<T>, proxy: ProxyKey, typeUrl: string, value: T): T {
  const key = proxyKey(proxy)
  let entry = all.get(key)
  if (!entry) all.set(key, (entry = { proxy, types: new Map() }))
  entry.types.set(typeUrl, value)
  return value
}
