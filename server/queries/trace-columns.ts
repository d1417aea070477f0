// A long trace without opening a block: everything that a waterfall draws is in the rows of the index.
import type { TraceColumns } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { FAILED, KINDS, STATUSES } from './trace.ts'

export const TRACE_COLUMNS_MAX = 50_000
const PROXY = 2

interface Row {
  span_id: string
  parent_id: string | null
  service_id: number
  class_id: number
  flags: number
  time_ms: number
  duration_us: string
  conversation: string | null
  input_tokens: number | null
  output_tokens: number | null
}

/** More spans than `max`? Counts no further. */
export async function isLongTrace(db: Db, traceId: string, max: number): Promise<boolean> {
  const { rows } = await db.pool.query('select from telemetry.span where trace_id = $1::uuid offset $2 limit 1', [traceId, max])
  return rows.length > 0
}

/** In order of time, each (span, service) once, at most `TRACE_COLUMNS_MAX`; null when nothing of the trace is stored. */
export async function readTraceColumns(db: Db, mesh: string, traceId: string): Promise<TraceColumns | null> {
  const { rows: found } = await db.pool.query<Row>(SPANS, [traceId, mesh, TRACE_COLUMNS_MAX + 1])
  const first = found[0]
  if (!first) return null
  const [serviceOf, classOf] = await Promise.all([readServices(db, new Set(found.map((row) => row.service_id))), readClasses(db, new Set(found.map((row) => row.class_id)))])
  const rows = [...new Map(found.slice(0, TRACE_COLUMNS_MAX).map((row) => [`${row.span_id} ${serviceOf.get(row.service_id)}`, row])).values()]
  const [services, names] = [new Map<string, number>(), new Map<string, number>()]
  const placeOf = (places: Map<string, number>, text = '') => places.get(text) ?? (places.set(text, places.size), places.size - 1)
  return {
    traceId,
    startedAt: new Date(first.time_ms).toISOString(),
    durationMs: rows.reduce((end, row) => Math.max(end, row.time_ms + Number(row.duration_us) / 1000), first.time_ms) - first.time_ms,
    truncated: found.length > TRACE_COLUMNS_MAX,
    conversation: rows.find((row) => row.conversation !== null)?.conversation ?? null,
    spanIds: rows.map((row) => row.span_id),
    parentIds: rows.map((row) => row.parent_id),
    service: rows.map((row) => placeOf(services, serviceOf.get(row.service_id))),
    name: rows.map((row) => placeOf(names, classOf.get(row.class_id)?.name)),
    kind: rows.map((row) => KINDS[classOf.get(row.class_id)?.kind ?? 0] ?? 'unspecified'),
    status: rows.map((row) => ((row.flags & FAILED) !== 0 ? 'error' : (STATUSES[classOf.get(row.class_id)?.status ?? 0] ?? 'unset'))),
    offsetMs: rows.map((row) => row.time_ms - first.time_ms),
    durationsMs: rows.map((row) => Number(row.duration_us) / 1000),
    proxy: rows.map((row) => ((row.flags & PROXY) === 0 ? 0 : 1)),
    inputTokens: rows.map((row) => row.input_tokens),
    outputTokens: rows.map((row) => row.output_tokens),
    services: [...services.keys()],
    names: [...names.keys()],
  }
}

async function readServices(db: Db, ids: ReadonlySet<number>): Promise<ReadonlyMap<number, string>> {
  const { rows } = await db.pool.query<{ id: number; name: string }>('select id, name from telemetry.service where id = any($1)', [[...ids]])
  return new Map(rows.map(({ id, name }) => [id, name]))
}

interface SpanClass {
  id: number
  name: string
  kind: number
  status: number
}

async function readClasses(db: Db, ids: ReadonlySet<number>): Promise<ReadonlyMap<number, SpanClass>> {
  const { rows } = await db.pool.query<SpanClass>('select span_class.id, operation.name, kind, status from telemetry.span_class join telemetry.operation on operation.id = operation_id where span_class.id = any($1)', [[...ids]])
  return new Map(rows.map((row) => [row.id, row]))
}

// Names are read by themselves: fifty thousand spans are of a few services and classes.
const SPANS = `
  select distinct on (time, span_id, service_id) lpad(to_hex(span_id), 16, '0') as span_id, lpad(to_hex(parent_id), 16, '0') as parent_id, service_id, class_id, flags,
    (extract(epoch from time) * 1000)::double precision as time_ms, duration_us, gen_ai_conversation as conversation, input_tokens, output_tokens
  from telemetry.span
  where trace_id = $1::uuid and service_id in (select id from telemetry.service where mesh = $2)
  order by time, span_id, service_id limit $3`
