'use client'
import { LineChart, type ChartLine } from '#components/charts/LineChart.tsx'
import { seriesOf } from '#components/mesh/series.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { formatCount, formatMs, formatRate, formatShare } from '#components/ui/format.ts'
import type { Series } from '#server/contracts/telemetry.ts'
import { sayCount, sayErrors, sayTime } from './differences.ts'

type Point = Series['series'][number]['points'][number]
type Read = (point: Point) => number | null

const HEIGHT = 120

/** Rate, errors, latency, calls under way at once, tokens: each with its figure of the window and how it differs from `then`. */
export function Charts({ series, before, then }: { series: Series; before: Series | null; then: string | null }) {
  const { setFixed } = useTimeRange()
  const { stepMs, total } = series
  const seconds = Math.max(1, (Date.parse(series.to) - Date.parse(series.from)) / 1000)
  // The step that is still being counted would look like a fall.
  const whole = series.series.map((line) => ({ ...line, points: line.points.filter((point) => Date.parse(point.at) + stepMs <= Date.parse(series.to)) }))
  const times = whole[0]?.points.map((point) => point.at) ?? []
  const earlier = new Map(before?.series.map((line) => [line.version, line.points]))
  const byVersion = (read: Read): ChartLine[] => whole.map(({ version, points }, index) => ({
    name: version ?? 'all',
    ...seriesOf(index),
    dash: whole.length > 1 ? seriesOf(index).dash : undefined,
    values: points.map(read),
    before: earlier.get(version)?.slice(0, points.length).map(read),
  }))
  const quantiles: ChartLine[] = (['p50', 'p95', 'p99'] as const).map((name, index) => ({
    name, ...seriesOf(index), values: whole[0]?.points.map((point) => point[`${name}Ms`]) ?? [], before: name === 'p95' ? earlier.get(whole[0]?.version ?? null)?.slice(0, times.length).map((point) => point.p95Ms) : undefined,
  }))
  const against = (say: (then: string, was: Series['total']) => string) => (before && then ? `, ${say(then, before.total)}` : '')
  const shared = { times, height: HEIGHT, onWindow: (from: string, to: string) => void setFixed(from, to) }
  const tokens = total.tokens.input + total.tokens.output
  const tokensBefore = (before?.total.tokens.input ?? 0) + (before?.total.tokens.output ?? 0)
  return (
    <div className="grid gap-x-7 gap-y-5 md:grid-cols-2">
      <LineChart {...shared} title="Requests" lines={byVersion((point) => point.requests / (stepMs / 1000))} format={formatRate} note={`${formatRate(total.requests / seconds)} on average${against((than, was) => sayCount(total.requests, was.requests, than))}`} />
      <LineChart {...shared} title="Errors" lines={byVersion((point) => (point.requests > 0 ? point.errors / point.requests : null))} format={formatShare} note={`${formatShare(total.requests > 0 ? total.errors / total.requests : null)}, ${formatCount(total.errors)} of ${formatCount(total.requests)}${against((than, was) => sayErrors(total, was, than))}`} />
      <LineChart {...shared} title={whole.length > 1 ? 'Latency p95' : 'Latency'} lines={whole.length > 1 ? byVersion((point) => point.p95Ms) : quantiles} format={formatMs} note={`p95 ${formatMs(total.latencyMs?.p95 ?? null)}${against((than, was) => sayTime(total.latencyMs?.p95 ?? null, was.latencyMs?.p95 ?? null, than))}`} />
      {tokens > 0
        ? <LineChart {...shared} title="Tokens" lines={byVersion((point) => (point.tokens.input + point.tokens.output) / (stepMs / 1000))} format={formatRate} note={`${formatCount(total.tokens.input)} in, ${formatCount(total.tokens.output)} out${against((than) => sayCount(tokens, tokensBefore, than))}`} />
        : <LineChart {...shared} title="Under way at once" lines={byVersion((point) => point.inFlight)} format={formatAtOnce} note="calls on average, by the time that they took" />}
    </div>
  )
}

function formatAtOnce(calls: number | null): string {
  return calls === null ? formatCount(null) : calls > 0 && calls < 0.01 ? '<0.01' : String(Number(calls.toPrecision(2)))
}
