// Versions that a proxy of a build refused are withheld from all of that build; each gets the last form of the resource that one
// of them accepted instead. Both are rows, so that a restart and a proxy that starts later know as much.
import { fromBinary, toJson, type JsonValue } from '@bufbuild/protobuf'
import type { Json, Resource } from '../compile/encode.ts'
import { TYPE, type TypeUrl } from '../compile/names.ts'
import { envoyApi } from '../compile/protos/registry.ts'
import { clustersNamedBy } from '../compile/encode.ts'
import type { Snapshot } from '../compile/snapshot.ts'
import type { Db } from '../db/client.ts'

/** So many untried resources, and up to twice as many, go one by one. */
const TRIALS = 16

export interface KnownRefusal {
  typeUrl: string
  scope: string
  name: string
  version: string
  /** Who refused first, and in which words. */
  proxy: string
  reason: string
}

export interface Withheld {
  resource: Resource
  refusal: KnownRefusal
}

export class Refusals {
  readonly #db: Db
  readonly #mesh: string
  /** By build; then by type, scope, name and version. */
  readonly #known = new Map<string, Map<string, KnownRefusal>>()
  readonly #accepted = new Map<string, Resource>()
  /** By build: what a proxy of it took, and what one was sent to try. Proxies share resources, so identity answers most of the time. */
  readonly #proven = new Map<string, WeakSet<Resource>>()
  readonly #tried = new Map<string, WeakSet<Resource>>()
  #loadedUntil = new Date(0)
  /** Grows whenever `replace` may have another answer than before. */
  learned = 0

  constructor(db: Db, mesh: string) {
    this.#db = db
    this.#mesh = mesh
  }

  /** Reads what other control processes, or this one in an earlier life, learned since the last reading. */
  async loadNew(): Promise<void> {
    const { rows } = await this.#db.pool.query<Row>(
      `select r.build, r.type_url, r.scope, r.name, r.version, r.proxy, r.reason, r.at, a.version as accepted, a.bytes
       from refused_resource r left join accepted_resource a using (mesh, build, type_url, scope, name)
       where r.mesh = $1 and r.at > $2::timestamptz - interval '5 seconds' order by r.at desc limit 2000`,
      [this.#mesh, this.#loadedUntil],
    )
    for (const row of rows) {
      this.#loadedUntil = row.at > this.#loadedUntil ? row.at : this.#loadedUntil
      this.add(row.build, { typeUrl: row.type_url, scope: row.scope, name: row.name, version: row.version, proxy: row.proxy, reason: row.reason })
      const key = keyOf(row.build, row.type_url, row.scope, row.name)
      if (row.accepted === null || !row.bytes || this.#accepted.has(key)) continue // what this process saw itself is newer
      this.#accepted.set(key, restoreResource(row.type_url as TypeUrl, row.scope, row.name, row.accepted, row.bytes))
    }
  }

  add(build: string, refusal: KnownRefusal): void {
    let known = this.#known.get(build)
    if (!known) this.#known.set(build, (known = new Map()))
    const key = keyOf(refusal.typeUrl, refusal.scope, refusal.name, refusal.version)
    if (known.has(key)) return
    known.set(key, refusal)
    this.learned++
  }

  /** Called with what a proxy of the build took, so that a stand-in is at hand before it is needed. */
  noteAccepted(build: string, resource: Resource): 'new' | 'known' {
    if (this.isProven(build, resource)) return 'known'
    this.#accepted.set(keyOf(build, resource.typeUrl, resource.scope, resource.name), resource)
    of(this.#proven, build).add(resource)
    if (this.#known.has(build)) this.learned++
    return 'new'
  }

  /** True for the very version that a proxy of the build took last. */
  isProven(build: string, resource: Resource): boolean {
    const proven = of(this.#proven, build)
    if (proven.has(resource)) return true
    if (this.#accepted.get(keyOf(build, resource.typeUrl, resource.scope, resource.name))?.version !== resource.version) return false
    proven.add(resource)
    return true
  }

  /**
   * Of resources that no proxy of the build took yet, some that none of them is trying, if there are any: many that come at once try them side
   * by side. One at a time while they are few; of many a part, since each response has Envoy build all of its routes anew.
   */
  chooseTrial(build: string, resources: readonly Resource[]): Resource[] {
    const tried = of(this.#tried, build)
    const untried = resources.filter((resource) => !tried.has(resource))
    const chosen = untried.slice(0, Math.max(1, Math.floor(untried.length / TRIALS)))
    for (const resource of chosen) tried.add(resource)
    return chosen
  }

  /** The snapshot with what the build refuses replaced, and what was. */
  replace(build: string, raw: Snapshot): { resources: Snapshot['resources']; withheld: Withheld[] } {
    const known = this.#known.get(build)
    if (!known) return { resources: raw.resources, withheld: [] }
    const withheld: Withheld[] = []
    const resources = new Map<TypeUrl, ReadonlyMap<string, Resource>>(raw.resources)
    for (const refusal of known.values()) {
      const resource = raw.resources.get(refusal.typeUrl as TypeUrl)?.get(refusal.name)
      if (!resource || resource.version !== refusal.version || resource.scope !== refusal.scope) continue
      const standIn = this.#accepted.get(keyOf(build, resource.typeUrl, resource.scope, resource.name))
      if (standIn?.version === resource.version) continue // one refused it, but another of the same build took it
      const changed = new Map(resources.get(resource.typeUrl))
      if (standIn) changed.set(resource.name, { ...standIn, object: resource.object })
      else changed.delete(resource.name)
      resources.set(resource.typeUrl, changed)
      withheld.push({ resource, refusal })
    }
    return { resources, withheld }
  }
}

interface Row {
  build: string
  type_url: string
  scope: string
  name: string
  version: string
  proxy: string
  reason: string
  at: Date
  accepted: string | null
  bytes: Buffer | null
}

function restoreResource(typeUrl: TypeUrl, scope: string, name: string, version: string, bytes: Buffer): Resource {
  const json = decode(typeUrl, bytes)
  return { typeUrl, scope, name, version, bytes, json, object: null, needs: typeUrl === TYPE.routes || typeUrl === TYPE.virtualHost ? clustersNamedBy(json) : [] }
}

/** In Envoy's field names, like what the compiler makes. */
function decode(typeUrl: string, bytes: Uint8Array): Json {
  const schema = envoyApi().getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1))
  if (!schema) return {}
  const json = toJson(schema, fromBinary(schema, bytes), { registry: envoyApi(), useProtoFieldName: true }) as Record<string, JsonValue>
  return { '@type': typeUrl, ...json } as Json // a message is an object
}

function of(sets: Map<string, WeakSet<Resource>>, build: string): WeakSet<Resource> {
  let set = sets.get(build)
  if (!set) sets.set(build, (set = new WeakSet()))
  return set
}

/** Types, names and versions have no line feed, so that no two of these are one key. */
function keyOf(...parts: string[]): string {
  return parts.join('\n')
}
