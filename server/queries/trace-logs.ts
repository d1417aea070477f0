// Log records of a trace: shown as events of their spans, which is what GenAI messages among them are.
import type { Db } from '#server/db/client.ts'
import { LOG_RECORD } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'
import { plainAttributes, plainValue } from './otlp-value.ts'
import { IS_OPEN, type OtlpAttribute, type ShownMessages } from './trace-rows.ts'

const LOGS_MAX = 5000

interface OtlpLog {
  severityText?: string
  body?: Record<string, unknown>
  attributes?: OtlpAttribute[]
  eventName?: string
}

export interface TraceLog {
  spanId: string | null
  serviceId: number
  timeMs: number
  record: OtlpLog
  /** What it said is recorded, and not in here. */
  hidden: boolean
}

interface Row {
  span_id: string | null
  service_id: number
  time_ms: number
  bytes: Buffer
  content: Buffer | null
  hidden: boolean
}

/** In order of time; a record that was sent again comes once. */
export async function readTraceLogs(db: Db, mesh: string, traceId: string, messages: ShownMessages): Promise<TraceLog[]> {
  const { rows } = await db.pool.query<Row>(
    `select distinct on (time, span_id, service_id, log.bytes) encode(int8send(span_id), 'hex') as span_id, service_id, (extract(epoch from time) * 1000)::double precision as time_ms, bytes,
       case when $4 or ${IS_OPEN} then content end as content, content is not null and not ($4 or ${IS_OPEN}) as hidden
     from telemetry.log join telemetry.service on service.id = service_id where trace_id = $1::uuid and service.mesh = $2 order by time limit $3`,
    [traceId, mesh, LOGS_MAX, messages === 'all'],
  )
  return rows.map((row) => ({ spanId: row.span_id, serviceId: row.service_id, timeMs: row.time_ms, hidden: row.hidden, record: protobufToJson(Buffer.concat([row.bytes, row.content ?? Buffer.alloc(0)]), LOG_RECORD) as OtlpLog })) // LOG_RECORD describes this shape
}

/** The record as an event of its span: its body is spread where it is a map, as it is in GenAI events. */
export function logEvent({ timeMs, record }: TraceLog, traceStartMs: number): { name: string; offsetMs: number; attributes: { key: string; value: unknown }[] } {
  const attributes = plainAttributes(record.attributes)
  const body = record.body === undefined ? undefined : plainValue(record.body)
  const said = body === undefined ? [] : isMap(body) ? Object.entries(body).map(([key, value]) => ({ key, value })) : [{ key: 'body', value: body }]
  const severity = record.severityText ? [{ key: 'severity', value: record.severityText }] : []
  const eventName = attributes.find(({ key }) => key === 'event.name')?.value
  return { name: record.eventName || (typeof eventName === 'string' ? eventName : 'log'), offsetMs: timeMs - traceStartMs, attributes: [...severity, ...said, ...attributes] }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('bytesValue' in value)
}
