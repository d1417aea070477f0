// Conversations, newest first: found by their spans, told by the view `telemetry.sessions`.
import type { Session, SessionDetail, SessionOutcome } from '#server/contracts/sessions.ts'
import type { Db } from '#server/db/client.ts'
import { readSummaries } from './traces.ts'

/** Spans looked through for one page. */
const SCAN_MAX = 20_000
const TRACES_MAX = 200

export interface SessionSearch {
  /** Name, or `namespace/name`, of a service that speaks in it. */
  service?: string
  from: Date
  to: Date
  limit: number
  /** The last of the page before: its newest moment in µs, and its conversation. */
  after?: { atUs: string; conversation: string }
}

export interface SessionPage {
  items: Session[]
  next: { atUs: string; conversation: string } | null
}

/** Conversations with a span in the window that names them, by their newest such span. */
export async function readSessions(db: Db, mesh: string, search: SessionSearch): Promise<SessionPage> {
  const { rows } = await db.pool.query<{ conversation: string | null; at_us: string; scanned: string; last_us: string | null }>(MATCHED, [
    mesh, search.service ?? null, search.from, search.to, search.after?.atUs ?? null, search.after?.conversation ?? null, search.limit, SCAN_MAX,
  ])
  const found = rows.flatMap((row) => (row.conversation === null ? [] : [{ conversation: row.conversation, atUs: row.at_us }]))
  const sessions = await readByConversation(db, mesh, found.map((each) => each.conversation))
  const full = found.length === search.limit ? (found.at(-1) ?? null) : null
  const cut = rows[0] && Number(rows[0].scanned) === SCAN_MAX ? rows[0].last_us : null
  return { items: found.flatMap(({ conversation }) => sessions.get(conversation) ?? []), next: full ?? (cut === null ? null : { atUs: String(cut), conversation: '' }) }
}

/** One conversation with its traces and models; null when no span names it. */
export async function readSession(db: Db, mesh: string, conversation: string): Promise<SessionDetail | null> {
  const session = (await readByConversation(db, mesh, [conversation])).get(conversation)
  if (!session) return null
  const { rows: traces } = await db.pool.query<{ trace_id: string }>(
    'select trace_id from telemetry.session_spans where mesh = $1 and conversation = $2 group by trace_id order by min(time) desc limit $3', [mesh, conversation, TRACES_MAX],
  )
  const { rows: models } = await db.pool.query<{ model: string; calls: string; failed: string; input_tokens: string; output_tokens: string; cost: number | null }>(
    'select model, calls, failed, input_tokens, output_tokens, cost from telemetry.session_models where mesh = $1 and conversation = $2 order by cost desc nulls last, input_tokens + output_tokens desc, model', [mesh, conversation],
  )
  const ids = traces.map((row) => row.trace_id.replaceAll('-', ''))
  const summaries = await readSummaries(db, mesh, ids)
  return {
    ...session,
    traceList: ids.flatMap((id) => summaries.get(id) ?? []).reverse(),
    byModel: models.map((row) => ({ model: row.model, calls: Number(row.calls), errors: Number(row.failed), tokens: { input: Number(row.input_tokens), output: Number(row.output_tokens) }, cost: row.cost })),
  }
}

interface Row {
  conversation: string
  time: Date
  ended: Date
  duration_ms: number
  outcome: SessionOutcome
  traces: string
  spans: string
  failed: string
  services: string[]
  models: string[]
  model_calls: string
  tool_calls: string
  input_tokens: string
  output_tokens: string
  cost: number | null
  currency: string | null
  unpriced_tokens: string
}

async function readByConversation(db: Db, mesh: string, conversations: readonly string[]): Promise<Map<string, Session>> {
  if (conversations.length === 0) return new Map()
  // One after the other by its index: over a list the planner would sum up every conversation there is.
  const { rows } = await db.pool.query<Row>(
    `select session.conversation, session.time, ended, duration_ms, outcome, traces, spans, failed, services, models, model_calls, tool_calls, input_tokens, output_tokens, cost, currency, unpriced_tokens
     from unnest($2::text[]) asked cross join lateral (select * from telemetry.sessions where mesh = $1 and conversation = asked limit 1) session`,
    [mesh, conversations],
  )
  return new Map(rows.map((row) => [row.conversation, sessionOf(row)]))
}

function sessionOf(row: Row): Session {
  return {
    conversation: row.conversation,
    startedAt: row.time.toISOString(),
    endedAt: row.ended.toISOString(),
    durationMs: row.duration_ms,
    outcome: row.outcome,
    traces: Number(row.traces),
    spans: Number(row.spans),
    errors: Number(row.failed),
    services: row.services,
    models: row.models,
    modelCalls: Number(row.model_calls),
    toolCalls: Number(row.tool_calls),
    tokens: { input: Number(row.input_tokens), output: Number(row.output_tokens) },
    cost: row.cost === null || row.currency === null ? null : { amount: row.cost, currency: row.currency },
    unpricedTokens: Number(row.unpriced_tokens),
  }
}

// As for traces: a conversation stands at its newest part of the window, once, and a span starts at most a minute before `part_time`.
const MATCHED = `
  with wanted as (select id from telemetry.service where mesh = $1 and ($2::text is null or name = $2 or namespace || '/' || name = $2)),
  seen as materialized (
    select gen_ai_conversation as conversation, part_time from telemetry.span
    where gen_ai_conversation is not null and service_id in (select id from wanted) and time >= $3 and time < $4
      and part_time >= $3 and part_time < $4::timestamptz + interval '1 minute' and part_time <= coalesce(to_timestamp($5::numeric / 1000000), 'infinity')
    order by part_time desc limit $8),
  scan as (select count(*) as scanned, (extract(epoch from min(part_time)) * 1000000)::bigint as last_us from seen),
  newest as (select conversation, max(part_time) as at from seen group by conversation),
  page as (
    select conversation, at from newest
    where $5::numeric is null or ((at, conversation) < (to_timestamp($5::numeric / 1000000), $6) and not exists (
      select 1 from telemetry.span later where later.gen_ai_conversation = newest.conversation and later.part_time > to_timestamp($5::numeric / 1000000)
        and later.time >= $3 and later.time < $4 and later.service_id in (select id from wanted)))
    order by at desc, conversation desc limit $7)
  select conversation, (extract(epoch from at) * 1000000)::bigint as at_us, scanned, last_us from scan left join page on true order by at desc, conversation desc`
