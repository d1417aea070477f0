// Where a span sits among those of the same service and operation: a histogram of their durations.
import type { SpanPeers } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { newestSpans } from './newest-spans.ts'

export const PEERS = { spansMax: 200_000, barsMax: 40 }
/** A bar's end is its beginning times this. */
const GROWTH = 1.15
const AROUND_MS = 1_800_000

export interface PeersQuery {
  traceId: string
  spanId: string
  /** Whose, where several sent the id. */
  service: string | null
  /** Half an hour before and after the span, where none is named. */
  window: { from: Date; to: Date } | null
}

interface SpanRow {
  service_id: number
  mesh: string
  namespace: string
  service: string
  proxy: boolean
  operation: string
  kind: number
  time: Date
  duration_us: string
}

interface BarRow {
  bar: number | null
  spans: string
  failed: string
  below: string
  p50: string | null
  p95: string | null
  p99: string | null
  scanned: string
  oldest: Date | null
}

/** Null when there is no such span. Of many spans of the service the newest are looked at. */
export async function readSpanPeers(db: Db, mesh: string, query: PeersQuery, limits = PEERS): Promise<SpanPeers | null> {
  const { rows: [span] } = await db.pool.query<SpanRow>(SPAN, [query.traceId, query.spanId, mesh, query.service])
  if (!span) return null
  const { from, to } = query.window ?? { from: new Date(span.time.getTime() - AROUND_MS), to: new Date(span.time.getTime() + AROUND_MS) }
  const { rows } = await db.pool.query<BarRow>(BARS, [mesh, span.namespace, span.service, span.proxy, span.operation, span.kind, from, to, limits.spansMax, span.duration_us, Math.log(GROWTH)])
  const [first] = rows
  const counted = rows.flatMap((row) => (row.bar === null ? [] : [{ at: row.bar, count: Number(row.spans), failed: Number(row.failed) }]))
  const spans = counted.reduce((sum, bar) => sum + bar.count, 0)
  const ms = (us: string | null | undefined) => (us === null || us === undefined ? 0 : Number(us) / 1000)
  return {
    service: span.service,
    operation: span.operation,
    from: from.toISOString(),
    to: to.toISOString(),
    durationMs: Number(span.duration_us) / 1000,
    spans,
    shorter: rows.reduce((sum, row) => sum + Number(row.below), 0),
    failed: counted.reduce((sum, bar) => sum + bar.failed, 0),
    latencyMs: spans === 0 ? null : { p50: ms(first?.p50), p95: ms(first?.p95), p99: ms(first?.p99) },
    bars: barsOf(counted, limits.barsMax),
    backTo: first?.oldest && Number(first.scanned) >= limits.spansMax ? first.oldest.toISOString() : null,
  }
}

/** Bars without a gap, at most `max`: neighbours are put together where the durations lie far apart. */
function barsOf(counted: readonly { at: number; count: number; failed: number }[], max: number): SpanPeers['bars'] {
  if (counted.length === 0) return []
  const low = Math.min(...counted.map((bar) => bar.at))
  const length = Math.max(...counted.map((bar) => bar.at)) - low + 1
  const together = Math.ceil(length / max)
  const bars = Array.from({ length: Math.ceil(length / together) }, (_, index) => ({ fromMs: GROWTH ** (low + index * together) / 1000, toMs: GROWTH ** (low + (index + 1) * together) / 1000, count: 0, failed: 0 }))
  for (const { at, count, failed } of counted) {
    const bar = bars[Math.floor((at - low) / together)]! // within the length
    bar.count += count
    bar.failed += failed
  }
  return bars
}

const SPAN = `
  select service.mesh, service.namespace, service.name as service, service.proxy, operation.name as operation, kind, time, duration_us
  from telemetry.span join telemetry.span_class class on class.id = class_id join telemetry.service on service.id = span.service_id join telemetry.operation on operation.id = operation_id
  where trace_id = $1::uuid and span_id = ('x' || $2)::bit(64)::bigint and service.mesh = $3 and ($4::text is null or service.name = $4) order by time limit 1`

// All versions of the service.
const BARS = `
  with wanted as (select id from telemetry.service where mesh = $1 and namespace = $2 and name = $3 and proxy = $4),
  alike as (select class.id from telemetry.span_class class join telemetry.operation on operation.id = operation_id where class.service_id in (select id from wanted) and operation.name = $5 and kind = $6),
  seen as materialized (${newestSpans({ columns: 'time, class_id, duration_us, flags', services: 'select id from wanted', from: '$7', to: '$8', limit: '$9' })}),
  scan as (select count(*) as scanned, min(time) as oldest from seen),
  peers as materialized (select greatest(duration_us, 1) as us, flags & 8 <> 0 as failed from seen where class_id in (select id from alike)),
  middle as (select percentile_disc(0.5) within group (order by us) as p50, percentile_disc(0.95) within group (order by us) as p95, percentile_disc(0.99) within group (order by us) as p99 from peers),
  bars as (select floor(ln(us) / $11::float8)::int as bar, count(*) as spans, count(*) filter (where failed) as failed, count(*) filter (where us < $10) as below from peers group by 1)
  select bar, coalesce(spans, 0) as spans, coalesce(failed, 0) as failed, coalesce(below, 0) as below, p50, p95, p99, scanned, oldest from scan cross join middle left join bars on true order by bar`
