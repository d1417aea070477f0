import type { ObjectiveSpec } from '../contracts/objective.ts'
import type { Db } from '../db/client.ts'
import { sketchIndex } from '../otlp/sketch.ts'
import { LOOKS, windowSeconds, type Count, type Counts } from './judge.ts'

/** The finest kept bucket that a look needs, in seconds. */
const RESOLUTION = { '5m': 10, '30m': 60, '1h': 60, '6h': 60, window: 3600 }

/**
 * What an objective is about, and how much of it was good, over each time that is looked at. Of an edge that the mesh saw the mesh's counts
 * speak, of another one the spans', as in the graph. A latency is known to 1 % from spans, and to the width of Envoy's buckets from the mesh.
 * How tasks ended and what models cost is told by spans alone.
 */
export async function countCalls(db: Db, mesh: string, namespace: string, { targetRef, from, indicator, window }: ObjectiveSpec): Promise<Counts> {
  const seconds = { ...LOOKS, window: windowSeconds(window) }
  const looks = Object.keys(RESOLUTION) as (keyof Counts)[]
  const { rows } = await db.pool.query<Count & { look: keyof Counts }>(COUNTS[indicator.type], [
    mesh,
    `agent/${namespace}/${targetRef.name}`,
    from ? `agent/${from.namespace ?? namespace}/${from.name}` : null,
    looks,
    looks.map((look) => seconds[look]),
    looks.map((look) => RESOLUTION[look]),
    ...(indicator.type === 'Latency' ? [sketchIndex(indicator.withinMs * 1000)] : indicator.type === 'Cost' ? [indicator.per] : []),
  ])
  const found = new Map(rows.map(({ look, ...count }) => [look, count]))
  return Object.fromEntries(looks.map((look) => [look, found.get(look) ?? { calls: 0, good: 0 }])) as Counts // a count a look
}

/** What prices are in; without prices the one that a form begins with. */
export async function readCurrency(db: Db, mesh: string): Promise<string> {
  const { rows } = await db.pool.query<{ currency: string | null }>('select max(currency) as currency from telemetry.prices where mesh = $1', [mesh])
  return rows[0]?.currency ?? 'USD'
}

const ASKED = `asked as (select * from unnest($4::text[], $5::float8[], $6::int[]) as asked (look, lasts, resolution))`

const SPOKEN = `
  with ${ASKED}, spoken as (
    select look, requests, errors, latency from (
      select asked.look, b.requests, b.errors, b.latency, b.evidence, min(b.evidence) over (partition by asked.look, e.source) as best
      from asked join telemetry.edge_count b on b.resolution = asked.resolution and b.bucket >= now() - asked.lasts * interval '1 second'
      join telemetry.edge e on e.id = b.edge_id
      where e.mesh = $1 and e.target = $2 and ($3::text is null or e.source = $3)) counted
    where evidence = best)`

// The price that fits a model best: its own name, then the longest one with an asterisk.
const COST = `${SPOKEN},
  used as (
    select look, model, sum(calls) as calls, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
    from asked join telemetry.model_use on seconds = resolution and time >= now() - lasts * interval '1 second'
    where mesh = $1 and agent = $2 and ($3::text is null or caller = $3) group by look, model),
  priced as (
    select used.*, (input_tokens * price.input + output_tokens * price.output) / 1e6 as cost
    from used left join lateral (
      select input, output from telemetry.prices
      where prices.mesh = $1 and (used.model = prices.model or (right(prices.model, 1) = '*' and starts_with(used.model, left(prices.model, -1))))
      order by (used.model = prices.model) desc, length(prices.model) desc limit 1) price on true),
  total as (select look, sum(calls) as calls, coalesce(sum(cost), 0) as spent, coalesce(sum(input_tokens + output_tokens) filter (where cost is null), 0) as unpriced from priced group by look),
  called as (select look, sum(requests) as calls from spoken group by look)
  select look, coalesce(case $7 when 'call' then called.calls else total.calls end, 0)::float8 as calls, 0::float8 as good,
    coalesce(spent, 0)::float8 as spent, coalesce(unpriced, 0)::float8 as "unpricedTokens"
  from asked left join called using (look) left join total using (look)`

const COUNTS = {
  Success: `${SPOKEN} select look, sum(requests)::float8 as calls, sum(requests - errors)::float8 as good from spoken group by look`,
  Latency: `${SPOKEN} select look, sum(latency[k + 1])::float8 as calls, coalesce(sum(latency[k + 1]) filter (where latency[k] <= $7), 0)::float8 as good
    from spoken cross join lateral generate_series(1, coalesce(array_length(latency, 1), 0), 2) k group by look`,
  TaskOutcome: `with ${ASKED} select look, sum(ended)::float8 as calls, sum(ended - failed)::float8 as good
    from asked join telemetry.tasks on seconds = resolution and time >= now() - lasts * interval '1 second'
    where mesh = $1 and agent = $2 and ($3::text is null or caller = $3) group by look`,
  Cost: COST,
}
