// Cumulative counters become what happened since. A lost export is made good by the next; a restart begins anew; late ones count nothing.
import { addToSketch, type Sketch } from '#server/otlp/sketch.ts'
import { noCounts, type Counts } from '../rollup/counts.ts'
import type { Reading } from './flush.ts'

export interface Delta {
  counts: Counts
  latency: Sketch
  /** Since when; null at the first sight of this proxy. */
  sinceMs: number | null
}

export interface Advance {
  state: Reading
  delta: Delta | null
}

/**
 * `absent`: the proxy has reported since `before` without this scope, so that a lower value is a new counter. Without that, and with
 * the same start, a lower value is no restart: it counts nothing and is where the next difference begins.
 */
export function advance(before: Reading | null, now: Reading, absent: boolean): Advance {
  if (before === null) return { state: now, delta: deltaOf(null, now) }
  if (now.start < before.start) return { state: before, delta: null }
  if (now.start > before.start) return { state: now, delta: { ...deltaOf(null, now), sinceMs: before.timeMs } }
  if (now.timeMs < before.timeMs) return { state: before, delta: null }
  // One export may come in parts: a series that is not in this one keeps its value.
  const state: Reading = {
    ...now,
    values: { ...before.values, ...now.values },
    bounds: now.bounds.length > 0 ? now.bounds : before.bounds,
    counts: now.counts.length > 0 ? now.counts : before.counts,
  }
  return { state, delta: deltaOf(absent && isLower(before, now) ? null : before, now, before.timeMs, state.values) }
}

function isLower(before: Reading, now: Reading): boolean {
  return Object.entries(now.values).some(([series, value]) => value < (before.values[series] ?? 0))
}

/** `known`: what this export and those before it say together. */
function deltaOf(before: Reading | null, now: Reading, sinceMs: number | null = null, known: Reading['values'] = now.values): Delta {
  const grown = (series: string) => {
    const value = now.values[series]
    return value === undefined ? 0 : Math.max(0, value - (before?.values[series] ?? 0))
  }
  const counts = noCounts()
  counts.requests = grown('r1') + grown('r2') + grown('r3') + grown('r4') + grown('r5')
  counts.errors = grown('r5')
  counts.refused = grown('r4')
  counts.retries = grown('retries')
  counts.bytesSent = grown('sent')
  counts.bytesReceived = grown('received')
  const share = mtlsShare(known)
  const owed = before !== null && mtlsShare(before.values) === null ? requestsOf(before.values) : 0
  counts.mtls = share === null ? 0 : Math.round((counts.requests + owed) * share)
  const latency = latencyOf(before, now)
  for (const [index, count] of latency.sketch) if (count <= 0) latency.sketch.delete(index)
  counts.durationUs = Math.round(latency.durationUs)
  return { counts, latency: latency.sketch, sinceMs }
}

/**
 * Of the connections that came about, those with a handshake; a cluster's connections are of one kind for long. Calls that reached nobody
 * reached nobody in the clear. Null when somebody answered and the part of the export that counts connections is still to come.
 */
function mtlsShare(values: Reading['values']): number | null {
  const connections = (values['connections'] ?? 0) - (values['connectFails'] ?? 0)
  if (connections > 0) return Math.min(1, (values['handshakes'] ?? 0) / connections)
  return ['r1', 'r2', 'r3', 'r4'].some((answered) => (values[answered] ?? 0) > 0) ? null : 1
}

function requestsOf(values: Reading['values']): number {
  return ['r1', 'r2', 'r3', 'r4', 'r5'].reduce((sum, series) => sum + (values[series] ?? 0), 0)
}

/** A bucket stands for its middle: the resolution of these quantiles is the proxy's bucket. */
function latencyOf(before: Reading | null, now: Reading): { sketch: Sketch; durationUs: number } {
  const sketch: Sketch = new Map()
  let durationUs = 0
  const comparable = before !== null && before.bounds.length === now.bounds.length && before.counts.length === now.counts.length
  now.counts.forEach((count, index) => {
    const grown = count - (comparable ? (before.counts[index] ?? 0) : 0)
    if (grown <= 0) return
    const from = index === 0 ? 0 : now.bounds[index - 1]!  // counts are one more than bounds
    const middleUs = ((from + (now.bounds[index] ?? from)) / 2) * 1000
    addToSketch(sketch, middleUs, grown)
    durationUs += middleUs * grown
  })
  return { sketch, durationUs }
}

/** Whole numbers spread evenly over `parts`; their sum is the number. */
export function spread(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, part) => Math.floor((total * (part + 1)) / parts) - Math.floor((total * part) / parts))
}
