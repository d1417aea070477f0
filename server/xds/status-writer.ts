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
const GATHER_MS = { push: 10, verdict: 1, most: 500 }
/** What is sent is most often taken within this time, and then both are one write; longer where writing takes long. */
const ANSWER_MS = { least: 100, most: 500 }

export class StatusWriter implements AsyncDisposable {
  readonly #db: Db
  readonly #controlId: string
  readonly #onError: (error: Error) => void
  #pending = nothing()
  /** Sent and not answered; one response a proxy and type at a time. */
  readonly #unanswered = new Map<string, Unanswered>()
  #patience: NodeJS.Timeout | undefined
  #writeMs = 0
  /** Somebody waits for a verdict that is pending. */
  #isAwaited = false
  #running: Promise<void> | null = null
  #hurry = () => {}
  #stopped = false

  constructor(db: Db, controlId: string, onError: (error: Error) => void) {
    this.#db = db
    this.#controlId = controlId
    this.#onError = onError
  }

  /** A response went out. */
  sent(proxy: ProxyKey, typeUrl: string, states: ReadonlyMap<string, ResourceState>): void {
    this.#takeUnanswered(proxy, typeUrl)
    // What the proxy came with would look as if it were all: both at once.
    if (typesOf(this.#pending.held, proxy)?.get(typeUrl)?.size) return this.resources(proxy, typeUrl, states)
    this.#unanswered.set(`${proxyKey(proxy)} ${typeUrl}`, { proxy, typeUrl, states, at: performance.now() })
    this.#patience ??= setTimeout(() => this.#losePatience(), this.#answerMs())
  }

  /** What is known of some of a type now; of a response that was sent it is the answer. */
  resources(proxy: ProxyKey, typeUrl: string, states: ReadonlyMap<string, ResourceState>): void {
    this.#takeUnanswered(proxy, typeUrl)
    this.#note(proxy, typeUrl, states)
    this.#wake()
  }

  dropResource(proxy: ProxyKey, typeUrl: string, name: string): void {
    this.#takeUnanswered(proxy, typeUrl)
    typesOf(this.#pending.resources, proxy)?.get(typeUrl)?.delete(name)
    entryOf(this.#pending.dropped, proxy, typeUrl, () => new Set<string>()).add(name)
    this.#wake()
  }

  /** A stream begins a type with what the proxy holds, by name and version; rows of anything else are of an earlier life. */
  keepOnly(proxy: ProxyKey, typeUrl: string, held: ReadonlyMap<string, string>): void {
    this.#unanswered.delete(`${proxyKey(proxy)} ${typeUrl}`)
    typesOf(this.#pending.resources, proxy)?.delete(typeUrl)
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
    if (row.state === 'pending') return
    this.#isAwaited = true
    setTimeout(() => this.#hurry(), GATHER_MS.verdict)
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
    this.#losePatience(0)
    while (this.#running) await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#losePatience(0)
    clearTimeout(this.#patience)
    this.#stopped = true
    await this.#running
  }

  #note(proxy: ProxyKey, typeUrl: string, states: ReadonlyMap<string, ResourceState>): void {
    const names = entryOf(this.#pending.resources, proxy, typeUrl, () => new Map<string, ResourceState>())
    const dropped = typesOf(this.#pending.dropped, proxy)?.get(typeUrl)
    for (const [name, state] of states) {
      names.set(name, names.has(name) ? { ...names.get(name), ...state } : state)
      dropped?.delete(name)
    }
  }

  #takeUnanswered(proxy: ProxyKey, typeUrl: string): void {
    const key = `${proxyKey(proxy)} ${typeUrl}`
    const found = this.#unanswered.get(key)
    if (!found) return
    this.#unanswered.delete(key)
    this.#note(proxy, typeUrl, found.states)
  }

  /** Writes as sent what was not answered in that time. */
  #losePatience(ms = this.#answerMs()): void {
    const now = performance.now()
    for (const [, { proxy, typeUrl, at }] of this.#unanswered) {
      if (now - at < ms) continue
      this.#takeUnanswered(proxy, typeUrl)
      this.#wake()
    }
    clearTimeout(this.#patience)
    this.#patience = this.#unanswered.size > 0 ? setTimeout(() => this.#losePatience(), this.#answerMs()) : undefined
  }

  #answerMs(): number {
    return Math.min(ANSWER_MS.most, Math.max(ANSWER_MS.least, this.#writeMs))
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
      this.#isAwaited = false
      const began = performance.now()
      try {
        await this.#write(batch)
        this.#writeMs = performance.now() - began
      } catch (error) {
        this.#onError(new Error(`cannot store what proxies said: ${messageOf(error)}`, { cause: error }))
        this.#pending = newerOver(batch, this.#pending)
        if (this.#stopped) return
        await delay(RETRY_MS)
      }
    }
  }

  /** Where writing takes long there is much to write: it takes half of the time at most. */
  #gather(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#isAwaited ? GATHER_MS.verdict : Math.min(GATHER_MS.most, Math.max(GATHER_MS.push, this.#writeMs)))
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

interface Unanswered {
  proxy: ProxyKey
  typeUrl: string
  states: ReadonlyMap<string, ResourceState>
  /** By performance.now(). */
  at: number
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
  for (const { proxy, types } of newer.held.values()) for (const typeUrl of types.keys()) typesOf(older.resources, proxy)?.delete(typeUrl)
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
