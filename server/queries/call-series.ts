// The course of all calls in a window and in the one before it, from the kept buckets.
import type { Db } from '#server/db/client.ts'
import { mergeSketch, quantilesMs, type Sketch } from '#server/otlp/sketch.ts'

export interface CallSlot {
  requests: number
  errors: number
  refused: number
  p95Ms: number | null
}
export interface CallSeries {
  slotMs: number
  /** One entry a slot; null where nothing was counted. */
  now: (CallSlot | null)[]
  before: CallSlot | null
  whole: CallSlot | null
}

/** A window has at most this many slots. */
const SLOTS_MAX = 90
const RESOLUTIONS_S = [10, 60, 3600]

interface Row {
  slot: number
  requests: number
  errors: number
  refused: number
  latency: [number, number][] | null
}

/** Of an edge that the mesh saw, the mesh's counts speak; of another one, the spans': as in the graph, which ignores the protocol too. */
export async function readCallSeries(db: Db, mesh: string, from: Date, to: Date): Promise<CallSeries> {
  const lengthMs = to.getTime() - from.getTime()
  const resolution = RESOLUTIONS_S.find((seconds) => lengthMs / (seconds * 1000) <= SLOTS_MAX) ?? 3600
  const slotMs = Math.ceil(lengthMs / SLOTS_MAX / (resolution * 1000)) * resolution * 1000
  const { rows } = await db.pool.query<Row>(
    `with counted as (
       select floor((extract(epoch from b.bucket) * 1000 - $5::float8) / $6)::int as slot, b.requests, b.errors, b.refused, b.latency, b.evidence,
         min(b.evidence) over (partition by e.source, e.target) as best
       from telemetry.edge_count b join telemetry.edge e on e.id = b.edge_id
       where e.mesh = $1 and b.resolution = $2 and b.bucket >= $3 and b.bucket < $4
     ), spoken as (select * from counted where evidence = best
     ), entries as (
       select slot, latency[k] as i, sum(latency[k + 1])::bigint as n from spoken cross join lateral generate_series(1, coalesce(array_length(latency, 1), 0), 2) k group by 1, 2
     )
     select s.slot, sum(s.requests)::float8 as requests, sum(s.errors)::float8 as errors, sum(s.refused)::float8 as refused,
       (select jsonb_agg(jsonb_build_array(i, n)) from entries e where e.slot = s.slot) as latency
     from spoken s group by s.slot order by s.slot`,
    [mesh, resolution, new Date(from.getTime() - lengthMs), to, from.getTime(), slotMs],
  )
  const slots = Math.ceil(lengthMs / slotMs)
  const current = rows.filter((row) => row.slot >= 0)
  return {
    slotMs,
    now: Array.from({ length: slots }, (_, slot) => summarise(current.filter((row) => row.slot === slot))),
    before: summarise(rows.filter((row) => row.slot < 0)),
    whole: summarise(current),
  }
}

function summarise(rows: readonly Row[]): CallSlot | null {
  if (rows.length === 0) return null
  const sketch: Sketch = new Map()
  for (const row of rows) mergeSketch(sketch, row.latency ?? [])
  const total = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0)
  return { requests: total((row) => row.requests), errors: total((row) => row.errors), refused: total((row) => row.refused), p95Ms: quantilesMs(sketch, [0.95])?.[0] ?? null }
}
