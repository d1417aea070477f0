// Names become numbers: services, span names, resources, scopes, senders. Numbers are looked up once and remembered, within limits.
import { createHash } from 'node:crypto'
import type { Pool } from '#server/db/pool.ts'
import type { ServiceRef } from '../rollup/call-span.ts'
import type { SpanIds } from './block.ts'
import type { Sender, SpanGroup, SpanRow } from './row.ts'

const LIMITS = { groups: 20_000, operationsPerService: 2_000 }
export const OTHER_NAMES = '(other names)'

interface KnownService {
  ref: ServiceRef
  operations: Map<string, number>
}
interface KnownGroup {
  resource: number
  scope: number
  sender: number
  service: KnownService
  day: string
}

/** Numbers of a resource with its scope and sender. */
export interface GroupIds {
  resource: number
  scope: number
  sender: number
  service: ServiceRef
}

export interface Dictionary {
  groupOf(group: SpanGroup): Promise<GroupIds>
  /** Numbers for each span, in order; makes what is missing. */
  idsOf(spans: readonly SpanRow[]): Promise<SpanIds[]>
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
    const found: KnownGroup = {
      resource: await describedId(pool, sender.mesh, resource.bytes),
      scope: await describedId(pool, sender.mesh, scope),
      sender: await senderId(pool, sender),
      service: await serviceOf(group),
      day: today,
    }
    if (groups.size >= LIMITS.groups) groups.delete(groups.keys().next().value!) // not empty; the oldest goes
    groups.set(key, found)
    return found
  }

  async function serviceOf({ sender, resource }: SpanGroup): Promise<KnownService> {
    const key = [sender.mesh, resource.namespace, resource.service, resource.version, resource.proxy].join('\0')
    const before = services.get(key)
    if (before) return before
    const { rows } = await pool.query<{ id: number }>(
      `with made as (
         insert into telemetry.service (mesh, namespace, name, version, proxy) values ($1, $2, $3, $4, $5) on conflict do nothing returning id)
       select id from made union all
       select id from telemetry.service where mesh = $1 and namespace = $2 and name = $3 and version = $4 and proxy = $5 limit 1`,
      [sender.mesh, resource.namespace, resource.service, resource.version, resource.proxy],
    )
    const id = rows[0]?.id ?? (await pool.query<{ id: number }>('select id from telemetry.service where mesh = $1 and namespace = $2 and name = $3 and version = $4 and proxy = $5', [sender.mesh, resource.namespace, resource.service, resource.version, resource.proxy])).rows[0]!.id // made by another meanwhile, so it is there
    const { rows: names } = await pool.query<{ id: number; name: string }>('select id, name from telemetry.operation where service_id = $1 order by id limit $2', [id, LIMITS.operationsPerService + 1])
    const ref: ServiceRef = { id, mesh: sender.mesh, node: `agent/${resource.namespace}/${resource.service}`, namespace: resource.namespace, version: resource.version }
    const service: KnownService = { ref, operations: new Map(names.map((row) => [row.name, row.id])) }
    if (services.size >= LIMITS.groups) services.delete(services.keys().next().value!) // not empty
    services.set(key, service)
    return service
  }

  return {
    async groupOf(group) {
      const { resource, scope, sender, service } = await groupOf(group)
      return { resource, scope, sender, service: service.ref }
    },
    async idsOf(spans) {
      const known = new Map<SpanGroup, KnownGroup>()
      for (const { group } of spans) if (!known.has(group)) known.set(group, await groupOf(group))
      const missing = new Map<KnownService, Set<string>>()
      for (const { group, name } of spans) {
        const { service } = known.get(group)! // filled above for every group
        if (service.operations.has(name)) continue
        const names = missing.get(service) ?? new Set<string>()
        names.add(service.operations.size + names.size >= LIMITS.operationsPerService ? OTHER_NAMES : name)
        missing.set(service, names)
      }
      for (const [service, names] of missing) await makeOperations(pool, service, [...names])
      return spans.map(({ group, name }) => {
        const { resource, scope, sender, service } = known.get(group)! // as above
        return { resource, scope, sender, service: service.ref, operation: service.operations.get(name) ?? service.operations.get(OTHER_NAMES)! } // the limit made it
      })
    },
  }
}

async function makeOperations(pool: Pool, service: KnownService, names: string[]): Promise<void> {
  await pool.query('insert into telemetry.operation (service_id, name) select $1, unnest($2::text[]) on conflict do nothing', [service.ref.id, names])
  const { rows } = await pool.query<{ id: number; name: string }>('select id, name from telemetry.operation where service_id = $1 and name = any($2)', [service.ref.id, names])
  for (const { id, name } of rows) service.operations.set(name, id)
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
