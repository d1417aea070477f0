// Names become numbers: services, classes of spans, resources, scopes, senders. Looked up once and remembered, within limits.
import { createHash } from 'node:crypto'
import type { Pool } from '#server/db/pool.ts'
import { makeClasses, openService, withinLimits, type KnownService, type WantedClass } from './classes.ts'
import { COLUMN, type SpanColumns } from './columns.ts'
import type { Sender, SpanGroup } from './row.ts'
import type { Shape } from './shapes.ts'
import { classKey, type ServiceRef, type SpanClass } from './span-class.ts'

const KNOWN_MAX = 20_000

/** Numbers of a resource with its scope and sender. */
export interface GroupIds {
  resource: number
  scope: number
  sender: number
  service: ServiceRef
}

interface KnownGroup extends GroupIds {
  known: KnownService
  day: string
}

export interface Dictionary {
  groupOf(group: SpanGroup): Promise<GroupIds>
  /** Gives each span its class and the numbers of its group; makes what is missing. */
  name(requests: readonly SpanColumns[]): Promise<void>
}

export function openDictionary(pool: Pool): Dictionary {
  const services = new Map<string, KnownService>()
  const groups = new Map<string, KnownGroup>()

  async function groupOf(group: SpanGroup): Promise<KnownGroup> {
    const { sender, resource, scope } = group
    const key = [sender.mesh, sender.name ?? '', resource.bytes.toString('latin1'), scope.toString('latin1')].join('\0')
    const today = new Date().toISOString().slice(0, 10)
    const before = groups.get(key)
    if (before?.day === today) return before
    const known = await serviceOf(group)
    const found: KnownGroup = {
      resource: await describedId(pool, sender.mesh, resource.bytes),
      scope: await describedId(pool, sender.mesh, scope),
      sender: await senderId(pool, sender),
      service: known.ref,
      known,
      day: today,
    }
    if (groups.size >= KNOWN_MAX) groups.delete(groups.keys().next().value!) // not empty; the oldest goes
    groups.set(key, found)
    return found
  }

  async function serviceOf({ sender, resource }: SpanGroup): Promise<KnownService> {
    const key = [sender.mesh, resource.namespace, resource.service, resource.version, resource.proxy].join('\0')
    const before = services.get(key)
    if (before) return before
    const columns = [sender.mesh, resource.namespace, resource.service, resource.version, resource.proxy]
    const find = 'select id from telemetry.service where mesh = $1 and namespace = $2 and name = $3 and version = $4 and proxy = $5'
    let { rows } = await pool.query<{ id: number }>(find, columns)
    if (rows.length === 0) {
      await pool.query('insert into telemetry.service (mesh, namespace, name, version, proxy) values ($1, $2, $3, $4, $5) on conflict do nothing', columns)
      rows = (await pool.query<{ id: number }>(find, columns)).rows
    }
    const service = await openService(pool, { id: rows[0]!.id, mesh: sender.mesh, node: `agent/${resource.namespace}/${resource.service}`, namespace: resource.namespace, version: resource.version }) // made above
    if (services.size >= KNOWN_MAX) services.delete(services.keys().next().value!) // not empty
    services.set(key, service)
    return service
  }

  return {
    groupOf,
    async name(requests) {
      const missing: Missing = { wanted: new Map(), shapes: [] }
      const named: [SpanColumns, KnownService[]][] = []
      for (const spans of requests) {
        const known: KnownGroup[] = []
        for (const group of spans.groups) known.push(await groupOf(group))
        spans.ids = known
        const services = known.map((group) => group.known)
        spans.classes = spans.shapes.map((shape, index) => {
          const service = services[spans.get(index, COLUMN.group)]! // each has its group
          return service.byShape.get(shape) ?? find(service, shape, missing)
        })
        named.push([spans, services])
      }
      if (missing.shapes.length === 0) return
      for (const [service, wanted] of missing.wanted) await makeClasses(pool, service, wanted)
      for (const { service, shape, key } of missing.shapes) service.byShape.set(shape, service.classes.get(key)!) // made above
      for (const [spans, services] of named) {
        for (let index = 0; index < spans.count; index++) spans.classes[index] ??= services[spans.get(index, COLUMN.group)]!.byShape.get(spans.shapes[index]!)! // both are there, and made above
      }
    },
  }
}

/** Classes to be made, and the shapes that wait for them. */
interface Missing {
  wanted: Map<KnownService, Map<string, WantedClass>>
  shapes: { service: KnownService; shape: Shape; key: string }[]
}

/** Null until it is made; a class beyond the limit is another one, under which the span then goes. */
function find(service: KnownService, shape: Shape, missing: Missing): SpanClass | null {
  if (service.byShape.size >= KNOWN_MAX) service.byShape.clear() // what repeats is soon back
  const before = service.classes.get(shape.key)
  if (before) {
    service.byShape.set(shape, before)
    return before
  }
  let wanted = missing.wanted.get(service)
  if (!wanted) missing.wanted.set(service, (wanted = new Map()))
  let { key } = shape
  if (!wanted.has(key)) {
    const { name, fields } = withinLimits(service, wanted.size, shape.name, shape.fields)
    key = classKey(name, fields)
    const shared = service.classes.get(key)
    if (shared) {
      service.byShape.set(shape, shared)
      return shared
    }
    wanted.set(key, { name, fields })
  }
  missing.shapes.push({ service, shape, key })
  return null
}

async function describedId(pool: Pool, mesh: string, bytes: Buffer): Promise<number> {
  const hash = createHash('sha256').update(bytes).digest().subarray(0, 16)
  const { rows } = await pool.query<{ id: number }>(
    `insert into telemetry.described as known (mesh, hash, bytes) values ($1, $2, $3)
     on conflict (mesh, hash) do update set seen_on = current_date returning id`,
    [mesh, hash, bytes],
  )
  return rows[0]!.id // an upsert returns its row
}

async function senderId(pool: Pool, sender: Sender): Promise<number> {
  if (sender.name === null) return 0
  const { rows } = await pool.query<{ id: number }>(
    'insert into telemetry.sender (mesh, name) values ($1, $2) on conflict (mesh, name) do update set name = excluded.name returning id',
    [sender.mesh, sender.name],
  )
  return rows[0]!.id // an upsert returns its row
}
