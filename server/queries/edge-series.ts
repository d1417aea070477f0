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

/** Requests, errors and p95 in steps over a window, by version of the target when asked. Steps without calls are there, with zeros. */
export async function readEdgeSeries(db: Db, mesh: string, query: SeriesQuery): Promise<Series> {
  const windowMs = query.to.getTime() - query.from.getTime()
  const stepMs = STEPS_MS.find((step) => windowMs / step <= POINTS_MAX) ?? 86_400_000
  const fromMs = Math.floor(query.from.getTime() / stepMs) * stepMs
  const { rows } = await db.pool.query<Row>(SERIES, [mesh, stepMs >= 3_600_000 ? 3600 : stepMs >= 60_000 ? 60 : 10, new Date(fromMs), query.to, query.source ?? null, query.target ?? null, query.by === 'version', stepMs / 1000, ROWS_MAX])
  const starts = Array.from({ length: Math.max(0, Math.ceil((query.to.getTime() - fromMs) / stepMs)) }, (_, index) => fromMs + index * stepMs)
  const lines = Map.groupBy(rows, (row) => row.version)
  return {
    from: new Date(fromMs).toISOString(),
    to: query.to.toISOString(),
    stepMs,
    series: [...lines].map(([version, ofVersion]) => ({ version: version === '' ? null : version, points: pointsOf(ofVersion, starts) })).sort((a, b) => (a.version ?? '').localeCompare(b.version ?? '', 'en', { numeric: true })),
  }
}

const STEPS_MS = [10_000, 60_000, 300_000, 3_600_000]

interface Row {
  version: string
  at: Date
  requests: string
  errors: string
  refused: string
  latency: string | null
}

// The mesh's evidence where an edge has some in this window, else the spans': never both.
const SERIES = `
  with counts as (
    select edge_id, evidence, bucket, requests, errors, refused, latency, case when $7 then target_version else '' end as version
    from telemetry.edge_count join telemetry.edge on edge.id = edge_id
    where edge.mesh = $1 and resolution = $2 and bucket >= $3 and bucket < $4 and ($5::text is null or source = $5) and ($6::text is null or target = $6)),
  by_mesh as (select distinct source, target from counts join telemetry.edge on edge.id = edge_id where evidence = 0)
  select version, date_bin($8 * interval '1 second', bucket, 'epoch') as at, sum(requests) as requests, sum(errors) as errors, sum(refused) as refused,
    string_agg(latency::text, '') as latency
  from counts join telemetry.edge on edge.id = edge_id
  where evidence = 0 or not exists (select 1 from by_mesh where by_mesh.source = edge.source and by_mesh.target = edge.target)
  group by 1, 2 order by 2 limit $9`

function pointsOf(rows: readonly Row[], starts: readonly number[]): Series['series'][number]['points'] {
  const byStart = new Map(rows.map((row) => [row.at.getTime(), row]))
  return starts.map((start) => {
    const row = byStart.get(start)
    return {
      at: new Date(start).toISOString(),
      requests: Number(row?.requests ?? 0),
      errors: Number(row?.errors ?? 0),
      refused: Number(row?.refused ?? 0),
      p95Ms: row?.latency ? (quantilesMs(parseSketches(row.latency), [0.95])?.[0] ?? null) : null,
    }
  })
}
