import type { Span, Trace } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { messagesOf } from './messages.ts'
import { plainAttributes, shortened } from './otlp-value.ts'
import { logEvent, readTraceLogs, type TraceLog } from './trace-logs.ts'
import { readTraceRows, type ShownMessages, type TraceRow } from './trace-rows.ts'

export const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export const STATUSES = ['unset', 'ok', 'error'] as const
/** `telemetry.span.flags`: an error that no OTLP status tells, such as Envoy's `error=true`. */
export const FAILED = 8

/** One trace for the page; null when nothing of it is stored. */
export async function readTrace(db: Db, mesh: string, traceId: string, messages: ShownMessages): Promise<Trace | null> {
  const [{ rows, truncated }, records] = await Promise.all([readTraceRows(db, mesh, traceId, messages), readTraceLogs(db, mesh, traceId, messages)])
  if (rows.length === 0) return null
  const startMs = Math.min(...rows.map((row) => row.timeMs))
  const endMs = Math.max(...rows.map((row) => row.timeMs + row.durationMs))
  const logs = logsBySpan(rows, records)
  return { traceId, startedAt: new Date(startMs).toISOString(), durationMs: endMs - startMs, spans: rows.map((row) => spanOf(row, startMs, logs.get(row) ?? [])), truncated }
}

/** One span in full; of several services that sent this id, the one named. Null when it is not stored. */
export async function readSpan(db: Db, mesh: string, traceId: string, spanId: string, { service, messages }: { service: string | null; messages: ShownMessages }): Promise<Span | null> {
  const { rows } = await readTraceRows(db, mesh, traceId, messages, spanId)
  const row = rows.find((each) => each.service === service) ?? rows[0]
  if (!row) return null
  const { rows: bounds } = await db.pool.query<{ start_ms: number }>('select (extract(epoch from min(time)) * 1000)::double precision as start_ms from telemetry.span join telemetry.service on service.id = service_id where trace_id = $1::uuid and mesh = $2', [traceId, mesh])
  const logs = (await readTraceLogs(db, mesh, traceId, messages)).filter((log) => log.spanId === spanId)
  return spanOf(row, bounds[0]?.start_ms ?? row.timeMs, logs)
}

/** The same trace as OTLP/JSON, with values exactly as received; null when nothing of it is stored. */
export async function readTraceOtlp(db: Db, mesh: string, traceId: string, messages: ShownMessages): Promise<{ resourceSpans: unknown[] } | null> {
  const { rows } = await readTraceRows(db, mesh, traceId, messages)
  if (rows.length === 0) return null
  const byResource = Map.groupBy(rows, (row) => row.resource.id)
  return {
    resourceSpans: [...byResource.values()].map((ofResource) => ({
      resource: { attributes: ofResource[0]!.resource.attributes }, // a group has a member
      scopeSpans: [...Map.groupBy(ofResource, (row) => row.scope.id).values()].map((ofScope) => ({ scope: ofScope[0]!.scope.json, spans: ofScope.map((row) => row.span) })), // as above
    })),
  }
}

/** A log record stands with its span; one that names none, or one that is not here, with the first of the trace. */
function logsBySpan(rows: readonly TraceRow[], logs: readonly TraceLog[]): Map<TraceRow, TraceLog[]> {
  const bySpan = new Map<string, TraceRow>()
  for (const row of rows.toReversed()) bySpan.set(row.span.spanId, row).set(`${row.span.spanId} ${row.serviceId}`, row) // of several the first stays
  return Map.groupBy(logs, ({ spanId, serviceId }) => bySpan.get(`${spanId} ${serviceId}`) ?? bySpan.get(spanId ?? '') ?? rows[0]!) // callers have a row
}

function spanOf(row: TraceRow, startMs: number, logs: readonly TraceLog[]): Span {
  const { span } = row
  const attributes = plainAttributes(span.attributes)
  const spanStartNs = BigInt(span.startTimeUnixNano ?? '0')
  const own = (span.events ?? []).map((event) => ({
    name: event.name ?? '',
    offsetMs: row.timeMs - startMs + eventOffsetMs(spanStartNs, event.timeUnixNano),
    attributes: plainAttributes(event.attributes),
  }))
  const events = [...own, ...logs.map((log) => logEvent(log, startMs))].sort((a, b) => a.offsetMs - b.offsetMs)
  const spoken = Object.values(row.genAi).some((value) => value !== null)
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId && !/^0*$/.test(span.parentSpanId) ? span.parentSpanId : null,
    service: row.service,
    name: span.name ?? '',
    kind: KINDS[span.kind ?? 0] ?? 'unspecified',
    startedAt: new Date(row.timeMs).toISOString(),
    offsetMs: row.timeMs - startMs,
    durationMs: row.durationMs,
    status: (row.flags & FAILED) !== 0 ? 'error' : (STATUSES[row.status] ?? 'unset'),
    statusMessage: span.status?.message ?? '',
    scope: row.scope.name,
    sender: row.sender,
    attributes: shortened(attributes),
    resource: shortened(plainAttributes(row.resource.attributes)),
    events: events.map((event) => ({ ...event, attributes: shortened(event.attributes) })),
    links: (span.links ?? []).map((link) => ({ traceId: link.traceId ?? '', spanId: link.spanId ?? '' })),
    ...(row.hidden || logs.some((log) => log.hidden) ? { messagesHidden: true } : {}),
    genAi: spoken ? { ...row.genAi, messages: messagesOf(attributes, events) } : null,
  }
}

/** From the start of its span; 0 for an event whose clock is not the span's. */
function eventOffsetMs(spanStartNs: bigint, at: string | undefined): number {
  const offset = Number(BigInt(at ?? '0') - spanStartNs) / 1e6
  return offset >= 0 && offset < 366 * 86_400_000 ? offset : 0
}
