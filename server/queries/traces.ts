import type { AttributeCondition, TraceSummary } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { matchByAttributes } from './attribute-search.ts'
import { matchByParts } from './part-matches.ts'
import { readSoughtIds } from './sought-ids.ts'

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

/** A trace, at the moment of its newest span that matches, or of the newest span beside that one in the store. */
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

/**
 * Traces with a span that matches, newest first. Without a service the spans looked at are those where work begins: roots and servers;
 * with an attribute they are all. `status` speaks of the whole trace.
 */
export async function readTraces(db: Db, mesh: string, search: TraceSearch): Promise<TracePage> {
  const { attributes = [] } = search
  const matches = attributes.length > 0 ? await matchByAttributes(db, mesh, search, attributes) : await matchByParts(db, search, await readSoughtIds(db, mesh, search))
  const summaries = await readSummaries(db, mesh, matches.items.map((match) => match.traceId))
  return { ...matches, items: matches.items.flatMap((match) => summaries.get(match.traceId) ?? []) }
}

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
