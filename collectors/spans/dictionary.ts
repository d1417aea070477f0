// Names become numbers: services, classes of spans, resources, scopes, senders. Looked up once and remembered, within limits.
import { createHash } from 'node:crypto'
import type { Pool } from '#server/db/pool.ts'
import { makeClasses, openService, withinLimits, type KnownService, type WantedClass } from './classes.ts'
import type { Sender, SpanGroup, SpanRow } from './row.ts'
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
  name(spans: readonly SpanRow[]): Promise<void>
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
    async name(spans) {
      const known = new Map<SpanGroup, KnownGroup>()
      const missing = new Map<KnownService, Map<string, WantedClass>>()
      for (const span of spans) {
        let group = known.get(span.group)
        if (!group) known.set(span.group, (group = await groupOf(span.group)))
        span.ids = group
        span.class = group.known.classes.get(classKey(span.name, span.fields)) ?? want(span, group.known, missing)
      }
      for (const [service, wanted] of missing) await makeClasses(pool, service, wanted)
      if (missing.size > 0) for (const span of spans) span.class ??= known.get(span.group)!.known.classes.get(classKey(span.name, span.fields))! // named and made above
    },
  }
}

/** Null until it is made; a class beyond the limit is another one, under which the span then goes. */
function want(span: SpanRow, service: KnownService, missing: Map<KnownService, Map<string, WantedClass>>): SpanClass | null {
  let wanted = missing.get(service)
  if (!wanted) missing.set(service, (wanted = new Map()))
  const key = classKey(span.name, span.fields)
  if (!wanted.has(key)) {
    const { name, fields } = withinLimits(service, wanted.size, span.name, span.fields)
    span.name = name
    span.fields = fields
    const before = service.classes.get(classKey(name, fields))
    if (before) return before
    wanted.set(classKey(name, fields), { name, fields })
  }
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
