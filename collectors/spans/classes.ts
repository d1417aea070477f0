import type { Pool } from '#server/db/pool.ts'
import { GEN_AI_OPERATIONS } from '../attributes.ts'
import type { Shape } from './shapes.ts'
import { classHash, classKey, type ClassFields, type ClassRow, type ServiceRef, type SpanClass } from './span-class.ts'

export const CLASS_LIMITS = { classesPerService: 10_000, operationsPerService: 2_000 }
export const OTHER_NAMES = '(other names)'

/** A service with its classes, as far as they are known here. */
export interface KnownService {
  ref: ServiceRef
  classes: Map<string, SpanClass>
  /** The same, as far as it was asked for, without a key to make. */
  byShape: Map<Shape, SpanClass>
  operations: Map<string, number>
}

/** Reads what the store knows of a service, so that a collector that starts anew does not ask span by span. */
export async function openService(pool: Pool, ref: ServiceRef): Promise<KnownService> {
  const { rows: names } = await pool.query<{ id: number; name: string }>('select id, name from telemetry.operation where service_id = $1 order by id limit $2', [ref.id, CLASS_LIMITS.operationsPerService + 1])
  const { rows } = await pool.query<ClassRow>(`${READ} where span_class.service_id = $1 order by span_class.id limit $2`, [ref.id, CLASS_LIMITS.classesPerService + 1])
  return {
    ref,
    byShape: new Map(),
    operations: new Map(names.map((row) => [row.name, row.id])),
    classes: new Map(rows.map((row) => [classKey(row.name, row), classOf(row, ref)])),
  }
}

const READ = `
  select span_class.id, operation.name, kind, status, protocol, http_status as "httpStatus", peer,
    gen_ai_operation as operation, gen_ai_agent as agent, gen_ai_model as model, gen_ai_tool as tool
  from telemetry.span_class join telemetry.operation on operation.id = operation_id`

function classOf(row: ClassRow, service: ServiceRef): SpanClass {
  const { id, kind, status, protocol, httpStatus, peer, operation, agent, model, tool } = row
  return { id, service, kind, status, protocol, httpStatus, peer, operation, agent, model, tool }
}

/** Beyond the limit a service's spans share the few classes of what nobody can make up: kind, status, protocol, a known operation. */
export function withinLimits(service: KnownService, wanted: number, name: string, fields: ClassFields): { name: string; fields: ClassFields } {
  if (service.classes.size + wanted < CLASS_LIMITS.classesPerService) return { name, fields }
  const operation = fields.operation !== null && GEN_AI_OPERATIONS.has(fields.operation) ? fields.operation : null
  return { name: OTHER_NAMES, fields: { ...fields, operation, httpStatus: null, peer: null, agent: null, model: null, tool: null } }
}

export interface WantedClass {
  name: string
  fields: ClassFields
}

/** Makes classes that are new, at once and outside of any transaction: a number given out stays true. `wanted` is by `classKey`. */
export async function makeClasses(pool: Pool, service: KnownService, wanted: ReadonlyMap<string, WantedClass>): Promise<void> {
  const all = [...wanted.values()]
  await makeOperations(pool, service, new Set(all.map(({ name }) => name)))
  const hashes = all.map(({ name, fields }) => classHash(service.ref.id, name, fields))
  const column = (of: (fields: ClassFields) => unknown) => all.map(({ fields }) => of(fields))
  const operationOf = ({ name }: WantedClass) => service.operations.get(name) ?? service.operations.get(OTHER_NAMES)
  await pool.query(MAKE, [
    service.ref.id, hashes, all.map(operationOf), column((fields) => fields.kind), column((fields) => fields.status), column((fields) => fields.protocol), column((fields) => fields.httpStatus),
    column((fields) => fields.peer), column((fields) => fields.operation), column((fields) => fields.agent), column((fields) => fields.model), column((fields) => fields.tool),
  ])
  const { rows } = await pool.query<{ id: number; hash: Buffer }>('select id, hash from telemetry.span_class where hash = any($1::bytea[])', [hashes])
  const ids = new Map(rows.map((row) => [row.hash.toString('hex'), row.id]))
  all.forEach(({ name, fields }, index) => {
    service.classes.set(classKey(name, fields), { ...fields, service: service.ref, id: ids.get(hashes[index]!.toString('hex'))! }) // made above
  })
}

const MAKE = `
  insert into telemetry.span_class (service_id, hash, operation_id, kind, status, protocol, http_status, peer, gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool)
  select $1, * from unnest($2::bytea[], $3::integer[], $4::smallint[], $5::smallint[], $6::smallint[], $7::smallint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
  on conflict (hash) do nothing`

async function makeOperations(pool: Pool, service: KnownService, names: ReadonlySet<string>): Promise<void> {
  const missing: string[] = []
  for (const name of names) {
    if (service.operations.has(name)) continue
    const made = service.operations.size + missing.length >= CLASS_LIMITS.operationsPerService ? OTHER_NAMES : name
    if (!service.operations.has(made) && !missing.includes(made)) missing.push(made)
  }
  if (missing.length === 0) return
  await pool.query('insert into telemetry.operation (service_id, name) select $1, unnest($2::text[]) on conflict do nothing', [service.ref.id, missing])
  const { rows } = await pool.query<{ id: number; name: string }>('select id, name from telemetry.operation where service_id = $1 and name = any($2)', [service.ref.id, missing])
  for (const { id, name } of rows) service.operations.set(name, id)
}
