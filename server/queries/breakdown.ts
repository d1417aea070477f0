// Why calls failed, and which models tokens went to: told by spans, whose classes have the status and the model. Of many calls the newest are looked at.
import type { Breakdown } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { newestSpans } from './newest-spans.ts'

export interface BreakdownQuery {
  /** Stored ends, as of a series; one of them at least. */
  source?: string
  target?: string
  from: Date
  to: Date
}

export const BREAKDOWN = { spansMax: 200_000, kindsMax: 20, modelsMax: 50 }

/** Of an edge, or of all calls that a target received; models are those that the source asked, without a source the target itself. */
export async function readBreakdown(db: Db, mesh: string, query: BreakdownQuery, limits = BREAKDOWN): Promise<Breakdown> {
  const callers = query.source === undefined ? await readSources(db, mesh, query) : [query.source]
  const end = query.target === undefined ? null : endOf(query.target)
  const kinds = end === null ? [] : await readKinds(db, mesh, query, { callers, end }, limits)
  const asking = query.source ?? query.target
  const models = asking === undefined ? [] : await readModels(db, mesh, query, { asking, of: query.source === undefined ? null : end }, limits)
  return {
    from: query.from.toISOString(),
    to: query.to.toISOString(),
    kinds: kinds.flatMap(({ what, refused, calls }) => (what === null ? [] : [{ what, refused, calls: Number(calls) }])),
    looked: Number(kinds[0]?.looked ?? 0),
    kindsBackTo: backTo(kinds[0], limits),
    models: models.flatMap((row) => (row.model === null ? [] : [{ model: row.model, calls: Number(row.calls), tokens: { input: Number(row.input_tokens), output: Number(row.output_tokens) }, cost: row.cost }])),
    modelsBackTo: backTo(models[0], limits),
    currency: models.find((row) => row.currency !== null)?.currency ?? null,
  }
}

interface Looked {
  scanned: string
  oldest: Date | null
}
interface KindRow extends Looked {
  what: string | null
  refused: boolean
  calls: string
  looked: string
}
interface ModelRow extends Looked {
  model: string | null
  calls: string
  input_tokens: string
  output_tokens: string
  cost: number | null
  currency: string | null
}

function backTo(row: Looked | undefined, limits: typeof BREAKDOWN): string | null {
  return row?.oldest && Number(row.scanned) >= limits.spansMax ? row.oldest.toISOString() : null
}

/** The end of an edge as spans name it: the host of an agent, a host outside, a model or a tool. */
function endOf(stored: string): { kind: string; namespace: string; name: string } {
  const [kind = '', ...rest] = stored.split('/')
  return kind === 'external' || rest.length < 2 ? { kind, namespace: '', name: rest.join('/') } : { kind, namespace: rest[0] ?? '', name: rest.slice(1).join('/') }
}

async function readSources(db: Db, mesh: string, { target, from, to }: BreakdownQuery): Promise<string[]> {
  const { rows } = await db.pool.query<{ source: string }>(
    'select distinct source from telemetry.edge where mesh = $1 and target = $2 and exists (select from telemetry.edge_count where edge_id = edge.id and resolution = 3600 and bucket >= $3::timestamptz - interval \'1 hour\' and bucket < $4) limit 1000',
    [mesh, target, from, to],
  )
  return rows.map((row) => row.source)
}

async function readKinds(db: Db, mesh: string, { source, target, from, to }: BreakdownQuery, { callers, end }: { callers: readonly string[]; end: ReturnType<typeof endOf> }, limits: typeof BREAKDOWN): Promise<KindRow[]> {
  const { rows } = await db.pool.query<KindRow>(KINDS, [mesh, callers, from, to, limits.spansMax, end.kind, end.namespace, end.name, limits.kindsMax, source === undefined ? target : null])
  return rows
}

async function readModels(db: Db, mesh: string, { from, to }: BreakdownQuery, { asking, of }: { asking: string; of: ReturnType<typeof endOf> | null }, limits: typeof BREAKDOWN): Promise<ModelRow[]> {
  const { rows } = await db.pool.query<ModelRow>(MODELS, [mesh, asking, from, to, limits.spansMax, of?.kind ?? null, of?.namespace ?? null, of?.name ?? null, limits.modelsMax])
  return rows
}

const NEWEST = `
  seen as materialized (${newestSpans({ columns: 'time, class_id, flags, input_tokens, output_tokens', services: 'select id from wanted', from: '$3', to: '$4', limit: '$5' })}),
  scan as (select count(*) as scanned, min(time) as oldest from seen)`

/** Whose call it is: the caller's proxy names the callee's host in its own span; without a proxy the caller's client span, a GenAI operation, or the callee's own server span tells. */
const OF_END = (place: string) => `(
  ($6 = 'agent' and (
    (${place}.proxy and class.kind = 2 and operation.name = $8 || '.' || $7 and not (${place}.namespace = $7 and ${place}.name = $8)) or
    (not ${place}.proxy and class.kind = 3 and split_part(class.peer, ':', 1) in ($8, $8 || '.' || $7, $8 || '.' || $7 || '.mesh'))))
  or ($6 = 'external' and split_part(class.peer, ':', 1) = split_part($8, ':', 1))
  or ($6 = 'model' and class.gen_ai_model = $8 and class.gen_ai_operation in ('chat', 'generate_content', 'text_completion', 'embeddings'))
  or ($6 = 'tool' and class.gen_ai_tool = $8 and class.gen_ai_operation = 'execute_tool'))`

// Proxies see every answer: where callers' tell of some, they count alone; then the callee's own proxy, callers themselves, the callee itself.
const KINDS = `
  with wanted as (select * from telemetry.service where mesh = $1 and ('agent/' || namespace || '/' || name = any($2::text[]) or 'agent/' || namespace || '/' || name = $10)),
  ${NEWEST},
  told as (
    select class.http_status, class.status, flags, case when own and service.proxy then 1 when service.proxy then 0 when own then 3 else 2 end as by
    from seen join telemetry.span_class class on class.id = class_id join wanted service on service.id = class.service_id join telemetry.operation on operation.id = operation_id
    cross join lateral (select coalesce($10 = 'agent/' || service.namespace || '/' || service.name, false) and class.kind = 2 and (not service.proxy or operation.name = service.name || '.' || service.namespace) as own) whose
    where own or ${OF_END('service')}),
  best as (select * from told where by = (select min(by) from told)),
  kinds as (
    select coalesce(http_status::text, 'no HTTP status') as what, flags & 16 <> 0 as refused, count(*) as calls from best where flags & 24 <> 0 group by 1, 2 order by 3 desc limit $9)
  select what, refused, calls, (select count(*) from best) as looked, scanned, oldest from scan left join kinds on true order by calls desc`

const MODELS = `
  with wanted as (select * from telemetry.service where mesh = $1 and not proxy and 'agent/' || namespace || '/' || name = $2),
  ${NEWEST},
  used as (
    select class.gen_ai_model as model, count(*) as calls, coalesce(sum(input_tokens), 0) as input_tokens, coalesce(sum(output_tokens), 0) as output_tokens
    from seen join telemetry.span_class class on class.id = class_id join wanted service on service.id = class.service_id join telemetry.operation on operation.id = operation_id
    where class.gen_ai_model is not null and class.gen_ai_operation in ('chat', 'generate_content', 'text_completion', 'embeddings') and ($6::text is null or ${OF_END('service')})
    group by 1 order by sum(input_tokens) + sum(output_tokens) desc nulls last limit $9)
  select model, calls, input_tokens, output_tokens, scanned, oldest, (input_tokens * price.input + output_tokens * price.output) / 1e6 as cost, price.currency
  from scan left join used on true left join lateral (
    select input, output, currency from telemetry.prices
    where prices.mesh = $1 and (used.model = prices.model or (right(prices.model, 1) = '*' and starts_with(used.model, left(prices.model, -1))))
    order by (used.model = prices.model) desc, length(prices.model) desc limit 1) price on true`
