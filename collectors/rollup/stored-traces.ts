import type { PoolClient } from '#server/db/pool.ts'
import type { CallSpan, ServiceRef } from './call-span.ts'
import { MEMORY } from './trace-memory.ts'

/** For this long a late span corrects what was counted. */
export const CORRECTED_MS = 24 * 3_600_000

interface Record {
  trace_id: string
  span_id: Buffer
  parent_id: Buffer | null
  service_id: number
  mesh: string
  namespace: string
  service: string
  version: string
  time_us: number
  duration_us: string
  flags: number
  kind: number
  protocol: number
  peer: string | null
  bytes_sent: string | null
  bytes_received: string | null
  gen_ai_operation: string | null
  gen_ai_agent: string | null
  gen_ai_model: string | null
  gen_ai_tool: string | null
  gen_ai_conversation: string | null
  input_tokens: number | null
  output_tokens: number | null
}

/** Stored spans of these traces (hex ids), by `traceKey`. */
export async function readStoredTraces(client: PoolClient, traceIds: readonly string[]): Promise<Map<string, CallSpan[]>> {
  const byTrace = new Map<string, CallSpan[]>()
  if (traceIds.length === 0) return byTrace
  const { rows } = await client.query<Record>(SPANS, [traceIds, (CORRECTED_MS + 3_600_000) / 1000, MEMORY.traceSpansMax + 1])
  const services = new Map<number, ServiceRef>()
  for (const row of rows) {
    const service = services.get(row.service_id) ?? { id: row.service_id, mesh: row.mesh, node: `agent/${row.namespace}/${row.service}`, namespace: row.namespace, version: row.version }
    services.set(service.id, service)
    const key = traceKey(row.mesh, Buffer.from(row.trace_id.replaceAll('-', ''), 'hex'))
    const spans = byTrace.get(key)
    if (spans) spans.push(spanOf(row, service))
    else byTrace.set(key, [spanOf(row, service)])
  }
  return byTrace
}

export function traceKey(mesh: string, traceId: Buffer): string {
  return mesh + traceId.toString('latin1', 0, 16)
}

// One index look-up a trace: nearly all are new, and answer at once that there is nothing.
const SPANS = `
  select trace_id, int8send(span_id) as span_id, int8send(parent_id) as parent_id, service_id, service.mesh, service.namespace, service.name as service, service.version,
    (extract(epoch from time) * 1000000)::double precision as time_us, duration_us, flags, kind, protocol, peer, bytes_sent, bytes_received,
    gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool, gen_ai_conversation, input_tokens, output_tokens
  from unnest($1::uuid[]) as wanted (id)
  cross join lateral (select * from telemetry.span where trace_id = wanted.id and time > now() - $2 * interval '1 second' limit $3) as stored
  join telemetry.service on service.id = service_id`

function spanOf(row: Record, service: ServiceRef): CallSpan {
  const { gen_ai_operation: operation, gen_ai_agent: agent, gen_ai_model: model, gen_ai_tool: tool, gen_ai_conversation: conversation, input_tokens: inputTokens, output_tokens: outputTokens } = row
  const spoken = operation !== null || agent !== null || model !== null || tool !== null || conversation !== null || inputTokens !== null || outputTokens !== null
  return {
    spanId: row.span_id.toString('latin1'),
    parentId: row.parent_id?.toString('latin1') ?? null,
    service,
    timeUs: row.time_us,
    durationUs: Number(row.duration_us),
    flags: row.flags,
    kind: row.kind,
    protocol: row.protocol,
    peer: row.peer,
    bytesSent: row.bytes_sent === null ? null : Number(row.bytes_sent),
    bytesReceived: row.bytes_received === null ? null : Number(row.bytes_received),
    genAi: spoken ? { operation, agent, model, tool, conversation, inputTokens, outputTokens } : null,
  }
}
