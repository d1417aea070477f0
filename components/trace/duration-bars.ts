import type { TraceSummary } from '#server/contracts/telemetry.ts'
import type { Bar } from '#components/charts/Histogram.tsx'

const BARS_MAX = 24

/** Traces by how long they took; bars grow by a factor, at most 24 of them. */
export function durationBars(traces: readonly Pick<TraceSummary, 'durationMs' | 'errors'>[]): Bar[] {
  const logs = traces.map((trace) => Math.log(Math.max(trace.durationMs, 0.001)))
  if (logs.length === 0) return []
  const low = Math.min(...logs)
  const step = Math.max((Math.max(...logs) - low) / BARS_MAX, 0.05)
  const placeOf = (log: number) => Math.min(BARS_MAX - 1, Math.floor((log - low) / step))
  const count = Math.max(...logs.map(placeOf)) + 1
  const bars = Array.from({ length: count }, (_, index): Bar => ({ from: Math.exp(low + index * step), to: Math.exp(low + (index + 1) * step), count: 0, failed: 0 }))
  traces.forEach((trace, index) => {
    const bar = bars[placeOf(logs[index]!)]! // one log a trace, within the bars
    bar.count += 1
    if (trace.errors > 0) bar.failed += 1
  })
  return bars
}
