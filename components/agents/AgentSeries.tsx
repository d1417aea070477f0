'use client'
import type { Series } from '#server/contracts/telemetry.ts'
import { LineChart, type ChartLine } from '#components/charts/LineChart.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { seriesOf } from '#components/mesh/series.ts'
import { withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { rangeQuery } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { formatMs, formatRate, formatShare } from '#components/ui/format.ts'
import { Skeleton } from '#components/ui/Skeleton.tsx'

type Point = Series['series'][number]['points'][number]

const REFRESH_MS = 10_000

/** Requests, errors and p95 of what an agent received, by version. */
export function AgentSeries({ id, compact }: { id: string; compact?: boolean }) {
  const { range, paused } = useTimeRange()
  const query = useLiveQuery({ key: ['series', id, range], read: () => readJson<Series>(withQuery('/api/v1/series', { ...rangeQuery(range), target: id, by: compact ? 'agent' : 'version' })), topics: [], paused, everyMs: REFRESH_MS })
  if (!query.data) return query.error ? <p className="m-0 text-base text-muted">The course of it cannot be read now.</p> : <Skeleton className={compact ? 'h-[128px] w-full' : 'h-[132px] w-full'} />
  const { stepMs, to } = query.data
  // The step that is still being counted would look like a fall.
  const series = query.data.series.map((each) => ({ ...each, points: each.points.filter((point) => Date.parse(point.at) + stepMs <= Date.parse(to)) }))
  const times = series[0]?.points.map((point) => point.at) ?? []
  const lines = (of: (point: Point) => number | null): ChartLine[] =>
    series.map(({ version, points }, index) => ({ name: version || 'all', colour: seriesOf(index).colour, dash: series.length > 1 ? seriesOf(index).dash : undefined, values: points.map(of) }))
  const rate = <LineChart title="Requests" lines={lines((point) => point.requests / (stepMs / 1000))} times={times} format={formatRate} />
  if (compact) return rate
  return (
    <div className="grid gap-x-6 gap-y-4 md:grid-cols-3">
      {rate}
      <LineChart title="Errors" lines={lines((point) => (point.requests > 0 ? point.errors / point.requests : null))} times={times} format={formatShare} />
      <LineChart title="Latency p95" lines={lines((point) => point.p95Ms)} times={times} format={formatMs} />
    </div>
  )
}
