import type { PoolClient } from '#server/db/pool.ts'
import { latin1 } from '#server/otlp/wire.ts'
import type { ClassFields, SpanClass } from '../spans/span-class.ts'
import type { CallSpan } from './call-span.ts'
import { FULL, MEMORY, traceOf, type KnownTrace } from './trace-memory.ts'

/** For this long a late span corrects what was counted. */
export const CORRECTED_MS = 24 * 3_600_000

interface Row extends Omit<ClassFields, 'httpStatus'> {
  trace_id: Buffer
  span_id: Buffer
  parent_id: Buffer | null
  class_id: number
  service_id: number
  mesh: string
  namespace: string
  service: string
  version: string
  time_us: number
  duration_us: string
  flags: number
  http_status: number | null
  bytes_sent: string | null
  bytes_received: string | null
  input_tokens: number | null
  output_tokens: number | null
  /** Of the trace, resends included; one more than `MEMORY.traceSpansMax` at most. */
  rows: string
}

/** What is stored of these traces (hex ids), by `traceKey`; those of which nothing is are left out. */
export async function readStoredTraces(client: PoolClient, traceIds: readonly string[]): Promise<Map<string, KnownTrace>> {
  if (traceIds.length === 0) return new Map()
  const reachS = (CORRECTED_MS + 3_600_000) / 1000
  const { rows: known } = await client.query<{ id: string }>({ name: 'stored-traces', text: KNOWN, values: [traceIds, reachS] })
  if (known.length === 0) return new Map()
  const byTrace = new Map<string, CallSpan[]>()
  const full = new Set<string>()
  const { rows } = await client.query<Row>({ name: 'stored-spans', text: SPANS, values: [known.map(({ id }) => id), reachS, MEMORY.traceSpansMax + 1] })
  const classes = new Map<number, SpanClass>()
  for (const row of rows) {
    const kind = classes.get(row.class_id) ?? classOf(row)
    classes.set(kind.id, kind)
    const key = traceKey(row.mesh, row.trace_id)
    if (Number(row.rows) > MEMORY.traceSpansMax) full.add(key)
    const spans = byTrace.get(key)
    if (spans) spans.push(spanOf(row, kind))
    else byTrace.set(key, [spanOf(row, kind)])
  }
  return new Map([...byTrace].map(([key, spans]) => [key, full.has(key) ? FULL : traceOf(spans)]))
}

export function traceKey(mesh: string, source: Buffer, at = 0): string {
  return mesh + latin1(source, at, at + 16)
}

// One index look-up a trace and day: nearly all are new, and that is all that they cost. The bound spares the days before. With one at the other end too, the planner
// takes the window for a two-hundredth of a day that it has no statistics of, and reads the index by time, all of it, for each trace.
const inReach = (time: string) => `trace_id = wanted.id and ${time} > now() - $2 * interval '1 second'`
const KNOWN = `select wanted.id from unnest($1::uuid[]) as wanted (id) cross join lateral (select from telemetry.span_part where ${inReach('time')} limit 1) as stored`

// Of a span that was sent again the longer row is meant, and of equal ones the first, as in `extendTrace`.
const SPANS = `
  select uuid_send(trace_id) as trace_id, int8send(span_id) as span_id, int8send(parent_id) as parent_id, class_id, stored.service_id, service.mesh, service.namespace, service.name as service, service.version,
    (extract(epoch from time) * 1000000)::double precision as time_us, duration_us, flags, bytes_sent, bytes_received, input_tokens, output_tokens, rows,
    kind, status, protocol, http_status, peer, gen_ai_operation as operation, gen_ai_agent as agent, gen_ai_model as model, gen_ai_tool as tool
  from unnest($1::uuid[]) as wanted (id)
  cross join lateral (
    select distinct on (span_id, service_id) sent.*, count(*) over () as rows
    from (select * from telemetry.span where ${inReach('part_time')} limit $3) as sent
    order by span_id, service_id, duration_us desc, block_id, block_at) as stored
  join telemetry.span_class on span_class.id = class_id
  join telemetry.service on service.id = stored.service_id`

function classOf({ class_id: id, kind, status, protocol, http_status: httpStatus, peer, operation, agent, model, tool, ...row }: Row): SpanClass {
  const service = { id: row.service_id, mesh: row.mesh, node: `agent/${row.namespace}/${row.service}`, namespace: row.namespace, version: row.version }
  return { id, service, kind, status, protocol, httpStatus, peer, operation, agent, model, tool }
}

function spanOf(row: Row, kind: SpanClass): CallSpan {
  return {
    spanId: latin1(row.span_id, 0, 8),
    parentId: row.parent_id === null ? null : latin1(row.parent_id, 0, 8),
    class: kind,
    timeUs: row.time_us,
    durationUs: Number(row.duration_us),
    flags: row.flags,
    bytesSent: Number(row.bytes_sent ?? 0),
    bytesReceived: Number(row.bytes_received ?? 0),
    inputTokens: row.input_tokens ?? 0,
    outputTokens: row.output_tokens ?? 0,
  }
}
