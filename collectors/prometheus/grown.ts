// Cumulative values of a target become what happened since its last scrape. The first counts nothing: it may hold a year.
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { RefusedSample } from '#server/contracts/scrape.ts'
import { addToSketch } from '#server/otlp/sketch.ts'
import type { Delta } from '../metrics/deltas.ts'
import { keyOfEdge, noCounts, type EdgeKey } from '../rollup/counts.ts'
import type { Exposition, Series } from './exposition.ts'

export interface ScrapeState {
  atMs: number
  processStart: number | null
  /** Values of a series, with when it was last seen: one that is gone for a while and comes back has not begun anew. */
  series: Record<string, { seenMs: number; values: number[] }>
}

/** After as long a silence nobody knows when what grew happened: the next scrape is a first one again. */
const SILENCE_MS = 3_600_000
/** Above, a value is no count of calls, and its sums in an hour would leave PostgreSQL's integers. */
const CALLS_PER_SECOND_MAX = 100_000
const DAY_US = 86_400_000_000

export interface Growth {
  state: ScrapeState
  edges: { edge: EdgeKey; delta: Delta }[]
  refused: Map<RefusedSample, number>
}

export function growth(before: ScrapeState | null, now: Exposition, nowMs: number): Growth {
  const last = before !== null && nowMs - before.atMs <= SILENCE_MS ? before : null
  const began = last !== null && last.processStart !== null && now.processStart !== null && now.processStart > last.processStart + 1
  const growthMax = CALLS_PER_SECOND_MAX * Math.max(1, (nowMs - (last?.atMs ?? nowMs)) / 1000)
  const refused = new Map<RefusedSample, number>()
  const edges = new Map<string, { edge: EdgeKey; delta: Delta }>()
  const answered = new Set([...now.series.values()].filter(({ measure }) => measure === 'requests').map(({ mesh }) => mesh))
  const state: ScrapeState = { atMs: nowMs, processStart: now.processStart, series: {} }
  if (last !== null && !began) for (const [key, kept] of Object.entries(last.series)) if (nowMs - kept.seenMs <= SILENCE_MS) state.series[key] = kept
  for (const [key, series] of now.series) {
    const grown = last === null ? null : grownOf(began ? undefined : last.series[key]?.values, series.values)
    state.series[key] = { seenMs: nowMs, values: series.values }
    if (grown === null || (series.measure === 'asked' && answered.has(series.mesh))) continue
    const calls = series.measure === 'latency' ? (grown[1] ?? 0) : series.measure === 'sent' || series.measure === 'received' ? 0 : (grown[0] ?? 0)
    if (calls > growthMax) refused.set('too_fast', (refused.get('too_fast') ?? 0) + 1)
    else add(edges, series, grown, last?.atMs ?? nowMs)
  }
  return { state, edges: [...edges.values()], refused }
}

/** A value that fell is a counter that began anew, and with it all of its histogram. */
function grownOf(before: readonly number[] | undefined, now: readonly number[]): number[] {
  if (before === undefined || now.some((value, index) => value < (before[index] ?? 0))) return [...now]
  return now.map((value, index) => value - (before[index] ?? 0))
}

function add(edges: Map<string, { edge: EdgeKey; delta: Delta }>, { call, measure, bounds }: Series, grown: readonly number[], sinceMs: number): void {
  const key = keyOfEdge(call.edge)
  let entry = edges.get(key)
  if (!entry) edges.set(key, (entry = { edge: call.edge, delta: { counts: noCounts(), latency: new Map(), sinceMs } }))
  const { counts, latency } = entry.delta
  const [first = 0, count = 0] = grown
  switch (measure) {
    case 'sent':
      counts.bytesSent += first
      return
    case 'received':
      counts.bytesReceived += first
      return
    case 'latency':
      counts.durationUs += Math.round(Math.min(first * 1000, count * DAY_US))
      return addBuckets(latency, bounds, grown.slice(2))
    case 'asked':
    case 'requests':
      counts.requests += first
      if (call.outcome === 'error') counts.errors += first
      if (call.outcome === 'refused') counts.refused += first
      if (call.mtls) counts.mtls += first
  }
}

/** A call stands in the middle of its bucket, as with our own proxies; bounds are milliseconds. */
function addBuckets(latency: Delta['latency'], bounds: readonly number[], below: readonly number[]): void {
  below.forEach((until, index) => {
    const count = until - (below[index - 1] ?? 0)
    if (count <= 0) return
    const from = Math.max(0, bounds[index - 1] ?? 0)
    addToSketch(latency, ((from + (bounds[index] ?? from)) / 2) * 1000, count)
  })
}

export function packState(state: ScrapeState): Buffer {
  return deflateRawSync(JSON.stringify(state), { level: 1 })
}

export function unpackState(bytes: Buffer | null): ScrapeState | null {
  return bytes === null ? null : (JSON.parse(inflateRawSync(bytes).toString()) as ScrapeState) // written by packState alone
}
