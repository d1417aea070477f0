import type { ObjectiveSpec } from '../contracts/objective.ts'
import type { Db } from '../db/client.ts'
import { sketchIndex } from '../otlp/sketch.ts'
import { LOOKS, windowSeconds, type Counts } from './judge.ts'

/** The finest kept bucket that a look needs, in seconds. */
const RESOLUTION = { '5m': 10, '30m': 60, '1h': 60, '6h': 60, window: 3600 }

/**
 * Calls to an agent and how many of them were good, over each time that is looked at. Of an edge that the mesh saw the mesh's counts speak,
 * of another one the spans', as in the graph. A latency is known to 1 % from spans, and to the width of Envoy's buckets from the mesh.
 */
export async function countCalls(db: Db, mesh: string, namespace: string, { targetRef, from, indicator, window }: ObjectiveSpec): Promise<Counts> {
  const seconds = { ...LOOKS, window: windowSeconds(window) }
  const looks = Object.keys(RESOLUTION) as (keyof Counts)[]
  const { rows } = await db.pool.query<{ look: keyof Counts; calls: number; good: number }>(COUNTS[indicator.type], [
    mesh,
    `agent/${namespace}/${targetRef.name}`,
    from ? `agent/${from.namespace ?? namespace}/${from.name}` : null,
    looks,
    looks.map((look) => seconds[look]),
    looks.map((look) => RESOLUTION[look]),
    ...(indicator.type === 'Latency' ? [sketchIndex(indicator.withinMs * 1000)] : []),
  ])
  const found = new Map(rows.map(({ look, calls, good }) => [look, { calls, good }]))
  return Object.fromEntries(looks.map((look) => [look, found.get(look) ?? { calls: 0, good: 0 }])) as Counts // a count a look
}

const SPOKEN = `
  with spoken as (
    select look, requests, errors, latency from (
      select asked.look, b.requests, b.errors, b.latency, b.evidence, min(b.evidence) over (partition by asked.look, e.source) as best
      from unnest($4::text[], $5::float8[], $6::int[]) as asked (look, seconds, resolution)
      join telemetry.edge_count b on b.resolution = asked.resolution and b.bucket >= now() - asked.seconds * interval '1 second'
      join telemetry.edge e on e.id = b.edge_id
      where e.mesh = $1 and e.target = $2 and ($3::text is null or e.source = $3)) counted
    where evidence = best)`

const COUNTS = {
  Success: `${SPOKEN} select look, sum(requests)::float8 as calls, sum(requests - errors)::float8 as good from spoken group by look`,
  Latency: `${SPOKEN} select look, sum(latency[k + 1])::float8 as calls, coalesce(sum(latency[k + 1]) filter (where latency[k] <= $7), 0)::float8 as good
    from spoken cross join lateral generate_series(1, coalesce(array_length(latency, 1), 0), 2) k group by look`,
}
