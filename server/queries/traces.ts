import type { AttributeCondition, TraceSummary } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { matchByAttributes } from './attribute-search.ts'

export interface TraceSearch {
  /** Name, or `namespace/name`. */
  service?: string
  operation?: string
  status?: 'ok' | 'error'
  minDurationMs?: number
  maxDurationMs?: number
  /** All of one span. */
  attributes?: readonly AttributeCondition[]
  from: Date
  to: Date
  limit: number
  /** The last trace of the page before: its moment in µs, and its id. */
  after?: { atUs: string; traceId: string }
  /** Ends a long search early. */
  signal?: AbortSignal
}

/** A trace, at the moment of its newest span that matches. */
export interface TraceMatch {
  traceId: string
  atUs: string
}

export interface TraceMatches {
  items: TraceMatch[]
  /** Null at the end. */
  next: { atUs: string; traceId: string } | null
  /** Where a search that spent its budget stopped; null when the page is full or nothing is left. */
  lookedBackTo: Date | null
}

export interface TracePage extends Omit<TraceMatches, 'items'> {
  items: TraceSummary[]
}

/** Spans looked through for one page; a search that matches few of them goes on at the next. */
const SCAN_MAX = 20_000

/**
 * Traces with a span that matches, newest first. Without a service the spans looked at are those where work begins: roots and servers;
 * with an attribute they are all. `status` speaks of the whole trace.
 */
export async function readTraces(db: Db, mesh: string, search: TraceSearch): Promise<TracePage> {
  const { attributes = [] } = search
  const matches = attributes.length > 0 ? await matchByAttributes(db, mesh, search, attributes) : await matchByIndexes(db, mesh, search)
  const summaries = await readSummaries(db, mesh, matches.items.map((match) => match.traceId))
  return { ...matches, items: matches.items.flatMap((match) => summaries.get(match.traceId) ?? []) }
}

async function matchByIndexes(db: Db, mesh: string, search: TraceSearch): Promise<TraceMatches> {
  const { rows } = await db.pool.query<{ trace_id: string | null; at_us: string; scanned: string; last_us: string | null }>(MATCHED, [
    mesh,
    search.service ?? null,
    search.operation ?? null,
    search.status ?? null,
    search.minDurationMs === undefined ? null : Math.round(search.minDurationMs * 1000),
    search.maxDurationMs === undefined ? null : Math.round(search.maxDurationMs * 1000),
    search.from,
    search.to,
    search.after?.atUs ?? null,
    search.after?.traceId ?? null,
    search.limit,
    SCAN_MAX,
  ])
  const items = rows.flatMap((row) => (row.trace_id === null ? [] : [{ traceId: row.trace_id.replaceAll('-', ''), atUs: row.at_us }]))
  const full = items.length === search.limit ? (items.at(-1) ?? null) : null
  const cut = rows[0] && Number(rows[0].scanned) === SCAN_MAX ? rows[0].last_us : null
  if (full || cut === null) return { items, next: full, lookedBackTo: null }
  return { items, next: { atUs: String(cut), traceId: '0'.repeat(32) }, lookedBackTo: new Date(Number(cut) / 1000) }
}

// The indexes keep time in stretches of ten seconds; within one, PostgreSQL sorts (migration 0004).
const STRETCH = `date_bin('10 seconds', time, '2000-01-01 00:00:00+00')`
const IN_WINDOW = `time >= $7 and time < least($8, coalesce(to_timestamp($9::numeric / 1000000) + interval '1 microsecond', 'infinity'))
  and ${STRETCH} >= date_bin('10 seconds', $7::timestamptz, '2000-01-01 00:00:00+00') and ${STRETCH} <= least($8, coalesce(to_timestamp($9::numeric / 1000000), 'infinity'))`
const MATCHES = `($3::text is null or class_id in (select id from named)) and ($5::bigint is null or duration_us >= $5) and ($6::bigint is null or duration_us <= $6)`

// A trace stands at its newest matching span. One whose newest was on an earlier page is left out of this one.
const MATCHED = `
  with wanted as (select id from telemetry.service where mesh = $1 and ($2::text is null or name = $2 or namespace || '/' || name = $2)),
  named as (select span_class.id from telemetry.span_class join telemetry.operation on operation.id = operation_id where operation.name = $3 and span_class.service_id in (select id from wanted)),
  seen as materialized (
    select trace_id, time from (
      select of_service.* from wanted cross join lateral (
        select trace_id, time from telemetry.span
        where $2::text is not null and service_id = wanted.id and ${IN_WINDOW} and ${MATCHES}
        order by ${STRETCH} desc, time desc limit $12) of_service
      union all
      (select trace_id, time from telemetry.span
        where $2::text is null and ($3::text is not null or flags & 64 <> 0) and service_id in (select id from wanted) and ${IN_WINDOW} and ${MATCHES}
        order by ${STRETCH} desc, time desc limit $12)) either
    order by time desc limit $12),
  scan as (select count(*) as scanned, (extract(epoch from min(time)) * 1000000)::bigint as last_us from seen),
  newest as (select trace_id, max(time) as at from seen group by trace_id),
  page as (
    select trace_id, at from newest
    where ($9::numeric is null or (at, trace_id) < (to_timestamp($9::numeric / 1000000), $10::uuid))
      and ($9::numeric is null or not exists (
        select 1 from telemetry.span earlier where earlier.trace_id = newest.trace_id and earlier.time > to_timestamp($9::numeric / 1000000) and earlier.time < $8
          and earlier.service_id in (select id from wanted)
          and ($2::text is not null or $3::text is not null or earlier.flags & 64 <> 0)
          and ($3::text is null or earlier.class_id in (select id from named))
          and ($5::bigint is null or earlier.duration_us >= $5) and ($6::bigint is null or earlier.duration_us <= $6)))
      and ($4::text is null or ($4 = 'error') = exists (select 1 from telemetry.span failed where failed.trace_id = newest.trace_id and failed.flags & 8 <> 0))
    order by at desc, trace_id desc limit $11)
  select trace_id, (extract(epoch from at) * 1000000)::bigint as at_us, scanned, last_us from scan left join page on true order by at desc, trace_id desc`

interface SummaryRow {
  trace_id: string
  started_at: Date
  duration_ms: number
  spans: string
  errors: string
  root_service: string
  root_operation: string
  services: { name: string; spans: number }[]
  input_tokens: string | null
  output_tokens: string | null
}

/** By trace id. */
export async function readSummaries(db: Db, mesh: string, ids: readonly string[]): Promise<Map<string, TraceSummary>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.pool.query<SummaryRow>(SUMMARIES, [ids, mesh])
  return new Map(
    rows.map((row) => [
      row.trace_id.replaceAll('-', ''),
      {
        traceId: row.trace_id.replaceAll('-', ''),
        rootService: row.root_service,
        rootOperation: row.root_operation,
        startedAt: row.started_at.toISOString(),
        durationMs: row.duration_ms,
        spans: Number(row.spans),
        errors: Number(row.errors),
        services: row.services,
        tokens: row.input_tokens === null && row.output_tokens === null ? null : { input: Number(row.input_tokens ?? 0), output: Number(row.output_tokens ?? 0) },
      },
    ]),
  )
}

// A span sent twice counts once. Tokens are those of model calls: agents' spans often repeat the sum of what is under them.
const SUMMARIES = `
  with spans as (
    select distinct on (trace_id, span_id, span.service_id) trace_id, time, duration_us, parent_id, flags, service.name as service, operation.name as operation,
      case when gen_ai_operation in ('chat', 'generate_content', 'text_completion', 'embeddings') then input_tokens end as input_tokens,
      case when gen_ai_operation in ('chat', 'generate_content', 'text_completion', 'embeddings') then output_tokens end as output_tokens
    from telemetry.span join telemetry.span_class on span_class.id = class_id join telemetry.service on service.id = span.service_id join telemetry.operation on operation.id = operation_id
    where trace_id = any($1::uuid[]) and service.mesh = $2),
  by_service as (select trace_id, service, count(*) as spans from spans group by trace_id, service),
  services as (select trace_id, jsonb_agg(jsonb_build_object('name', service, 'spans', spans) order by spans desc, service) as services from by_service group by trace_id),
  roots as (select distinct on (trace_id) trace_id, service as root_service, operation as root_operation from spans order by trace_id, (parent_id is null) desc, time),
  sums as (
    select trace_id, min(time) as started_at,
      (extract(epoch from max(time + duration_us * interval '1 microsecond') - min(time)) * 1000)::double precision as duration_ms,
      count(*) as spans, count(*) filter (where flags & 8 <> 0) as errors, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
    from spans group by trace_id)
  select trace_id, started_at, duration_ms, spans, errors, root_service, root_operation, services, input_tokens, output_tokens
  from sums join roots using (trace_id) join services using (trace_id)`
