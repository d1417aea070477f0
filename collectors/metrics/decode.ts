// Which of Envoy's counters are evidence of a call. Measured with Envoy 1.40 (docs/telemetry.md): `upstream_rq_xx` holds each final
// answer and each local failure once (no endpoint, reset, timeout), and never a try that was retried.
import { parseSpiffeId } from '#server/contracts/ids.ts'
import type { Sender } from '../spans/row.ts'
import type { ProxyFlush, Reading } from './flush.ts'
import { eachPoint, type Point } from './points.ts'

const CUMULATIVE = 2
const READINGS_MAX = 10_000
/** Clocks differ by as much. */
const CLOCK_MS = 60_000

export interface DecodedMetrics {
  flushes: ProxyFlush[]
  points: number
  refused: Map<string, number>
}

/** Throws `bad_request` when the bytes are not an ExportMetricsServiceRequest. */
export function decodeMetrics(bytes: Buffer, sender: Sender, nowMs: number): DecodedMetrics {
  const flushes = new Map<string, ProxyFlush>()
  const refused = new Map<string, number>()
  let points = 0
  eachPoint(bytes, (point) => {
    const problem = whyNot(point, sender, nowMs)
    if (problem !== null) return void refused.set(problem, (refused.get(problem) ?? 0) + 1)
    points++
    const place = placeOf(point)
    if (place === null) return
    const { resource } = point
    let flush = flushes.get(resource.instance)
    if (!flush) flushes.set(resource.instance, (flush = { mesh: sender.mesh, proxy: resource.instance, namespace: resource.namespace, agent: resource.service, version: resource.version, readings: new Map(), receivedMs: nowMs }))
    let reading = flush.readings.get(place.scope)
    if (!reading && flush.readings.size >= READINGS_MAX) return
    if (!reading) flush.readings.set(place.scope, (reading = { start: point.startMs, timeMs: point.timeMs, values: {}, bounds: [], counts: [] }))
    take(reading, place.series, point)
  })
  return { flushes: [...flushes.values()], points, refused }
}

/**
 * A proxy speaks for itself and the agent whose identity it proved, and for no other. Counters that begin later than now would make
 * all that follow them late.
 */
function whyNot({ resource, startMs }: Point, sender: Sender, nowMs: number): string | null {
  if (!resource.proxy) return 'not_proxy_metrics'
  if (sender.proxy === null || sender.proxy !== resource.instance) return 'unattested_proxy'
  const identity = sender.name === null ? null : parseSpiffeId(sender.name)
  if (identity?.namespace !== resource.namespace || identity.agent !== resource.service) return 'unattested_proxy'
  return startMs > nowMs + CLOCK_MS ? 'future_start' : null
}

const CLUSTER_SERIES: Record<string, string> = {
  'envoy.cluster.upstream_rq_retry': 'retries',
  'envoy.cluster.upstream_cx_tx_bytes_total': 'sent',
  'envoy.cluster.upstream_cx_rx_bytes_total': 'received',
  'envoy.cluster.upstream_cx_total': 'connections',
  'envoy.cluster.upstream_cx_connect_fail': 'connectFails',
  'envoy.cluster.ssl.handshake': 'handshakes',
  'envoy.cluster.upstream_rq_time': 'latency',
}
const GATEWAY_SERIES: Record<string, string> = {
  'envoy.http.downstream_cx_rx_bytes_total': 'sent',
  'envoy.http.downstream_cx_tx_bytes_total': 'received',
  'envoy.http.downstream_rq_time': 'latency',
}

function placeOf(point: Point): { scope: string; series: string } | null {
  if (point.temporality !== CUMULATIVE) return null
  const cluster = point.attributes.get('envoy.cluster_name')
  const responseClass = point.attributes.get('envoy.response_code_class') ?? ''
  if (cluster !== undefined) {
    if (!/^[^/]+\/[^/]+\/[^/]+$/.test(cluster)) return null
    const series = point.metric === 'envoy.cluster.upstream_rq_xx' ? classSeries(responseClass) : CLUSTER_SERIES[point.metric]
    return series === undefined ? null : { scope: `cluster/${cluster}`, series }
  }
  if (point.attributes.get('envoy.http_conn_manager_prefix') !== 'gateway') return null
  const series = point.metric === 'envoy.http.downstream_rq_xx' ? classSeries(responseClass) : GATEWAY_SERIES[point.metric]
  return series === undefined ? null : { scope: 'gateway', series }
}

/** `r1` … `r5`; 1xx is an upgrade that was taken. */
function classSeries(responseClass: string): string | undefined {
  return /^[1-5]$/.test(responseClass) ? `r${responseClass}` : undefined
}

function take(reading: Reading, series: string, point: Point): void {
  reading.timeMs = Math.max(reading.timeMs, point.timeMs)
  if (series !== 'latency') reading.values[series] = point.value
  else if (point.kind === 'histogram') {
    reading.bounds = point.bounds
    reading.counts = point.counts
  }
}
