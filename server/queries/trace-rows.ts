// The spans of one trace as they were sent, with what was kept apart put back.
import { SAMPLE_LABEL } from '#server/contracts/meta.ts'
import { inTransaction } from '#server/db/pool.ts'
import type { Db } from '#server/db/client.ts'
import { openBlock, spanAt } from '#server/otlp/block.ts'
import { RESOURCE, SCOPE, SPAN } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'

export const TRACE_SPANS_MAX = 5000

export interface OtlpAttribute {
  key: string
  value?: Record<string, unknown>
}
export interface OtlpEvent {
  timeUnixNano?: string
  name?: string
  attributes?: OtlpAttribute[]
}
export interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name?: string
  kind?: number
  startTimeUnixNano?: string
  endTimeUnixNano?: string
  attributes?: OtlpAttribute[]
  events?: OtlpEvent[]
  links?: { traceId?: string; spanId?: string }[]
  status?: { code?: number; message?: string }
}

/** Messages of `open` agents alone, which are the sample's, or `all` of them: for who gave a reason. */
export type ShownMessages = 'open' | 'all'

/** True of a row of `telemetry.service` whose agent is of the sample fleet: what it says is made up. */
export const IS_OPEN = `exists (select from object where object.mesh = service.mesh and kind = 'Agent' and object.namespace = service.namespace and object.name = service.name and labels @> '{"${SAMPLE_LABEL}": "true"}')`

export interface TraceRow {
  span: OtlpSpan
  /** Messages of it are recorded, and not in here. */
  hidden: boolean
  resource: { id: number; attributes: OtlpAttribute[] }
  scope: { id: number; name: string; json: Record<string, unknown> }
  sender: string | null
  service: string
  serviceId: number
  namespace: string
  timeMs: number
  durationMs: number
  flags: number
  status: number
  genAi: { operation: string | null; agent: string | null; model: string | null; tool: string | null; conversation: string | null; inputTokens: number | null; outputTokens: number | null }
}

interface Row {
  span_id: string
  service_id: number
  service: string
  namespace: string
  block_id: string
  block_at: number
  time_ms: number
  duration_us: string
  flags: number
  status: number
  gen_ai_operation: string | null
  gen_ai_agent: string | null
  gen_ai_model: string | null
  gen_ai_tool: string | null
  gen_ai_conversation: string | null
  input_tokens: number | null
  output_tokens: number | null
}

/** In order of time, each (span, service) once, or one span alone; `truncated` when there are more than `TRACE_SPANS_MAX`. Empty when nothing is known. */
export async function readTraceRows(db: Db, mesh: string, traceId: string, messages: ShownMessages, spanId: string | null = null): Promise<{ rows: TraceRow[]; truncated: boolean }> {
  return inTransaction(db.pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only')
    const { rows: found } = await client.query<Row>(SPANS, [traceId, mesh, TRACE_SPANS_MAX + 1, spanId])
    const truncated = found.length > TRACE_SPANS_MAX
    const rows = [...new Map(found.slice(0, TRACE_SPANS_MAX).map((row) => [`${row.span_id} ${row.service_id}`, row])).values()]
    const { rows: blockRows } = await client.query<{ id: string; bytes: Buffer }>('select id, bytes from telemetry.span_block where id = any($1::bigint[])', [[...new Set(rows.map((row) => row.block_id))]])
    const blocks = new Map(blockRows.map((block) => [block.id, openBlock(block.bytes)]))
    const placed = rows.flatMap((row) => {
      const block = blocks.get(row.block_id)
      return block ? [{ row, stored: spanAt(block, row.block_at) }] : []
    })
    const described = await client.query<{ id: number; bytes: Buffer }>('select id, bytes from telemetry.described where id = any($1)', [[...new Set(placed.flatMap(({ stored }) => [stored.resource, stored.scope]))]])
    const bytesOf = new Map(described.rows.map((row) => [row.id, row.bytes]))
    const senders = await client.query<{ id: number; name: string }>('select id, name from telemetry.sender where id = any($1)', [[...new Set(placed.map(({ stored }) => stored.sender))]])
    const senderOf = new Map(senders.rows.map((row) => [row.id, row.name]))
    const contents = await client.query<{ span_id: string; service_id: number; bytes: Buffer | null }>(CONTENTS, [traceId, TRACE_SPANS_MAX, messages === 'all'])
    const contentOf = new Map(contents.rows.map((row) => [`${row.span_id} ${row.service_id}`, row.bytes]))
    return {
      truncated,
      rows: placed.map(({ row, stored }): TraceRow => {
        const scope = protobufToJson(bytesOf.get(stored.scope) ?? Buffer.alloc(0), SCOPE)
        const content = contentOf.get(`${row.span_id} ${row.service_id}`)
        return {
          span: withContent(protobufToJson(stored.bytes, SPAN) as unknown as OtlpSpan, content), // SPAN describes this shape
          hidden: content === null,
          resource: { id: stored.resource, attributes: attributesOf(protobufToJson(bytesOf.get(stored.resource) ?? Buffer.alloc(0), RESOURCE)) },
          scope: { id: stored.scope, name: typeof scope['name'] === 'string' ? scope['name'] : '', json: scope },
          sender: senderOf.get(stored.sender) ?? null,
          service: row.service,
          serviceId: row.service_id,
          namespace: row.namespace,
          timeMs: row.time_ms,
          durationMs: Number(row.duration_us) / 1000,
          flags: row.flags,
          status: row.status,
          genAi: { operation: row.gen_ai_operation, agent: row.gen_ai_agent, model: row.gen_ai_model, tool: row.gen_ai_tool, conversation: row.gen_ai_conversation, inputTokens: row.input_tokens, outputTokens: row.output_tokens },
        }
      }),
    }
  })
}

const SPANS = `
  select span_id, span.service_id, service.name as service, service.namespace, block_id, block_at,
    (extract(epoch from time) * 1000)::double precision as time_ms, duration_us, flags, status,
    gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool, gen_ai_conversation, input_tokens, output_tokens
  from telemetry.span join telemetry.span_class on span_class.id = class_id join telemetry.service on service.id = span.service_id
  where trace_id = $1::uuid and service.mesh = $2 and ($4::text is null or span_id = ('x' || $4)::bit(64)::bigint)
  order by time, span_id limit $3`

const CONTENTS = `
  select span_id, service_id, case when $3 or ${IS_OPEN} then bytes end as bytes
  from telemetry.span_content join telemetry.service on service.id = service_id where trace_id = $1::uuid limit $2`

function attributesOf(json: Record<string, unknown>): OtlpAttribute[] {
  return Array.isArray(json['attributes']) ? (json['attributes'] as OtlpAttribute[]) : [] // RESOURCE describes this shape
}

/** The fragment that was cut from a span on arrival: its attributes follow the others, its events give theirs back. */
function withContent(span: OtlpSpan, fragment: Buffer | null | undefined): OtlpSpan {
  if (!fragment) return span
  const content = protobufToJson(fragment, SPAN) as unknown as OtlpSpan // SPAN describes this shape
  const events = (span.events ?? []).map((event) => {
    const cut = content.events?.find((other) => other.name === event.name && other.timeUnixNano === event.timeUnixNano)
    return cut ? { ...event, attributes: [...(event.attributes ?? []), ...(cut.attributes ?? [])] } : event
  })
  return { ...span, attributes: [...(span.attributes ?? []), ...(content.attributes ?? [])], ...(events.length > 0 ? { events } : {}) }
}
