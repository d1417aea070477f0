import type { Series } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { quantilesMs } from '#server/otlp/sketch.ts'
import { parseSketches } from './edge-counts.ts'

export interface SeriesQuery {
  /** Stored ends, `agent/NAMESPACE/NAME`; one of them at least. */
  source?: string
  target?: string
  by: 'agent' | 'version'
  from: Date
  to: Date
}

const POINTS_MAX = 400
const ROWS_MAX = 20_000

/** Requests, errors, latency and tokens in steps over a window, by version of the target when asked. Steps without calls are there, with zeros. */
export async function readEdgeSeries(db: Db, mesh: string, query: SeriesQuery): Promise<Series> {
  const windowMs = query.to.getTime() - query.from.getTime()
  const stepMs = STEPS_MS.find((step) => windowMs / step <= POINTS_MAX) ?? 86_400_000
  const fromMs = Math.floor(query.from.getTime() / stepMs) * stepMs
  const { rows } = await db.pool.query<Row>(SERIES, [mesh, stepMs >= 3_600_000 ? 3600 : stepMs >= 60_000 ? 60 : 10, new Date(fromMs), query.to, query.source ?? null, query.target ?? null, query.by === 'version', stepMs / 1000, ROWS_MAX])
  const starts = Array.from({ length: Math.max(0, Math.ceil((query.to.getTime() - fromMs) / stepMs)) }, (_, index) => fromMs + index * stepMs)
  // Where the mesh counts by version and the spans name none, the spans' row holds tokens alone: no version of its own.
  const lines = Map.groupBy(rows.filter((row) => row.requests !== null), (row) => row.version)
  return {
    from: new Date(fromMs).toISOString(),
    to: query.to.toISOString(),
    stepMs,
    total: totalOf(rows),
    series: [...lines].map(([version, ofVersion]) => ({ version: version === '' ? null : version, points: pointsOf(ofVersion, starts, stepMs) })).sort((a, b) => (a.version ?? '').localeCompare(b.version ?? '', 'en', { numeric: true })),
  }
}

const STEPS_MS = [10_000, 60_000, 300_000, 3_600_000]

interface Row {
  version: string
  at: Date
  requests: string | null
  errors: string | null
  refused: string | null
  latency: string | null
  duration_us: string | null
  input_tokens: string
  output_tokens: string
}

// The mesh's evidence where an edge has some in this window, else the spans': never both. Tokens are told by spans alone.
const SERIES = `
  with counts as (
    select source, target, case when $7 then target_version else '' end as version, evidence, bucket, requests, errors, refused, latency, duration_us, input_tokens, output_tokens,
      min(evidence) over (partition by source, target) as best
    from telemetry.edge_count join telemetry.edge on edge.id = edge_id
    where edge.mesh = $1 and resolution = $2 and bucket >= $3 and bucket < $4 and ($5::text is null or source = $5) and ($6::text is null or target = $6))
  select version, date_bin($8 * interval '1 second', bucket, 'epoch') as at,
    sum(requests) filter (where evidence = best) as requests, sum(errors) filter (where evidence = best) as errors, sum(refused) filter (where evidence = best) as refused,
    string_agg(latency::text, '') filter (where evidence = best) as latency, sum(duration_us) filter (where evidence = best) as duration_us, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
  from counts group by 1, 2 order by 2 limit $9`

function pointsOf(rows: readonly Row[], starts: readonly number[], stepMs: number): Series['series'][number]['points'] {
  const byStart = new Map(rows.map((row) => [row.at.getTime(), row]))
  return starts.map((start) => {
    const row = byStart.get(start)
    const quantiles = row?.latency ? quantilesMs(parseSketches(row.latency), [0.5, 0.95, 0.99]) : null
    return { at: new Date(start).toISOString(), ...sumOf(row ? [row] : []), p50Ms: quantiles?.[0] ?? null, p95Ms: quantiles?.[1] ?? null, p99Ms: quantiles?.[2] ?? null, inFlight: Number(row?.duration_us ?? 0) / 1000 / stepMs }
  })
}

function totalOf(rows: readonly Row[]): Series['total'] {
  const quantiles = quantilesMs(parseSketches(rows.map((row) => row.latency ?? '').join('')), [0.5, 0.95, 0.99])
  return { ...sumOf(rows), latencyMs: quantiles && { p50: quantiles[0], p95: quantiles[1], p99: quantiles[2] } }
}

function sumOf(rows: readonly Row[]) {
  const sum = (of: (row: Row) => string | null) => rows.reduce((all, row) => all + Number(of(row) ?? 0), 0)
  return { requests: sum((row) => row.requests), errors: sum((row) => row.errors), refused: sum((row) => row.refused), tokens: { input: sum((row) => row.input_tokens), output: sum((row) => row.output_tokens) } }
}
