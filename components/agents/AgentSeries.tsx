'use client'
import type { Series } from '#server/contracts/telemetry.ts'
import { LineChart } from '#components/charts/LineChart.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { seriesOf } from '#components/mesh/series.ts'
import { withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { rangeQuery } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { formatRate } from '#components/ui/format.ts'
import { Skeleton } from '#components/ui/Skeleton.tsx'

const REFRESH_MS = 10_000

/** What an agent received, at a glance. */
export function AgentSeries({ id }: { id: string }) {
  const { range, paused } = useTimeRange()
  const query = useLiveQuery({ key: ['series', id, range], read: () => readJson<Series>(withQuery('/api/v1/series', { ...rangeQuery(range), target: id })), topics: [], paused, everyMs: REFRESH_MS })
  if (!query.data) return query.error ? <p className="m-0 text-base text-muted">The course of it cannot be read now.</p> : <Skeleton className="h-[128px] w-full" />
  const { stepMs, to } = query.data
  // The step that is still being counted would look like a fall.
  const points = (query.data.series[0]?.points ?? []).filter((point) => Date.parse(point.at) + stepMs <= Date.parse(to))
  return <LineChart title="Requests" lines={[{ name: 'all', colour: seriesOf(0).colour, values: points.map((point) => point.requests / (stepMs / 1000)) }]} times={points.map((point) => point.at)} format={formatRate} />
}
