// An answer becomes series of calls, each with its last cumulative values.
import { createHash } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import { MeshError } from '#server/contracts/errors.ts'
import { SCRAPE_LIMITS, type RefusedSample, type ScrapeTarget } from '#server/contracts/scrape.ts'
import { keyOfEdge } from '../rollup/counts.ts'
import { callOf, isWanted, metricOf, PROCESS_START, type Call, type Measure, type Metric } from './meaning.ts'
import { readProtobuf } from './protobuf.ts'
import type { Sample, Samples } from './sample.ts'
import { readText } from './text.ts'

export interface Series {
  call: Call
  measure: Measure
  mesh: Metric['mesh']
  /** Of a histogram: of its buckets, without the last, which is infinite. */
  bounds: number[]
  /** Of a counter its value; of a histogram sum, count, then the buckets, each with those below it. */
  values: number[]
}

export interface Exposition {
  /** By a digest of metric, labels and bounds. */
  series: Map<string, Series>
  refused: Map<RefusedSample, number>
  processStart: number | null
  edges: number
}

/** In the order of what is asked for. */
export const ACCEPT = 'application/openmetrics-text;version=1.0.0,application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.8,text/plain;version=0.0.4;q=0.6,*/*;q=0.1'

/** Throws `bad_request` for what is no exposition, and `too_large` for one of too many series. */
export async function readExposition(body: Buffer, contentType: string, mesh: string, target: ScrapeTarget): Promise<Exposition> {
  const gathered: Gathered = { counters: new Map(), histograms: new Map(), refused: new Map(), processStart: null, mesh, target }
  for (const sample of samplesOf(body, contentType)) {
    if (sample === null) await breathe()
    else gather(sample, gathered)
  }
  return expositionOf(gathered)
}

function samplesOf(body: Buffer, contentType: string): Samples {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';').map((part) => part.trim())
  if (type === 'application/vnd.google.protobuf' && parameters.includes('proto=io.prometheus.client.metricfamily') && parameters.includes('encoding=delimited')) return readProtobuf(body, isWanted)
  if (type === 'text/plain' || type === 'application/openmetrics-text') return readText(decode(body), isWanted, type !== 'text/plain')
  throw new MeshError('bad_request', `it answers with ${type === '' ? 'no content type' : type.slice(0, 60)}, which is no exposition of Prometheus`)
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new MeshError('bad_request', 'the text is not UTF-8', { cause })
  }
}

interface Counter {
  metric: Metric
  call: Call
  value: number
}

interface Histogram {
  metric: Metric
  call: Call
  buckets: Map<number, number>
  sum: number | null
  count: number | null
}

interface Gathered {
  counters: Map<string, Counter>
  histograms: Map<string, Histogram>
  refused: Map<RefusedSample, number>
  processStart: number | null
  mesh: string
  target: ScrapeTarget
}

function refuse({ refused }: Gathered, why: RefusedSample): void {
  refused.set(why, (refused.get(why) ?? 0) + 1)
}

function gather(sample: Sample, gathered: Gathered): void {
  const metric = metricOf(sample.name)
  if (metric === null) {
    if (sample.name === PROCESS_START && Number.isFinite(sample.value)) gathered.processStart = Math.floor(sample.value)
    return
  }
  const { le, ...labels } = sample.labels
  const placed = callOf(metric, labels, gathered.mesh, gathered.target)
  if (placed === null) return
  if (!typeFits(sample.type, metric)) return refuse(gathered, 'wrong_type')
  if ('refused' in placed) return refuse(gathered, placed.refused)
  // A sum may be negative in a histogram, never in one of times or bytes. Beyond 2^53 numbers have gaps.
  if (!(sample.value >= 0 && sample.value <= Number.MAX_SAFE_INTEGER)) return refuse(gathered, 'not_a_number')
  const key = digestOf(metric.name, labels)
  if (metric.histogram) return gatherPart(sample, le, gathered, key, metric, placed.call)
  if (gathered.counters.has(key)) return refuse(gathered, 'duplicate')
  gathered.counters.set(key, { metric, call: placed.call, value: Math.floor(sample.value) })
  limitSeries(gathered)
}

/** `/federate` knows no types. */
function typeFits(type: string, { histogram }: Metric): boolean {
  return type === (histogram ? 'histogram' : 'counter') || type === 'untyped' || type === 'unknown'
}

function gatherPart(sample: Sample, le: string | undefined, gathered: Gathered, key: string, metric: Metric, call: Call): void {
  let histogram = gathered.histograms.get(key)
  if (!histogram) {
    gathered.histograms.set(key, (histogram = { metric, call, buckets: new Map(), sum: null, count: null }))
    limitSeries(gathered)
  }
  if (metric.part === 'bucket') {
    const bound = le === '+Inf' ? Infinity : le === undefined || le.trim() === '' ? NaN : Number(le)
    if (Number.isNaN(bound)) return refuse(gathered, 'not_a_histogram')
    if (histogram.buckets.has(bound)) return refuse(gathered, 'duplicate')
    histogram.buckets.set(bound, Math.floor(sample.value))
  } else {
    const part = metric.part === 'sum' ? 'sum' : 'count'
    if (histogram[part] !== null) return refuse(gathered, 'duplicate')
    histogram[part] = sample.value
  }
}

function limitSeries({ counters, histograms }: Gathered): void {
  if (counters.size + histograms.size > SCRAPE_LIMITS.seriesMax) throw new MeshError('too_large', `it has more than ${SCRAPE_LIMITS.seriesMax} series of calls; scrape its proxies one by one, or fewer of them together`)
}

function digestOf(name: string, labels: Readonly<Record<string, string>>): string {
  const text = Object.keys(labels).sort().map((label) => `\0${label}\0${labels[label]}`)
  return createHash('sha256').update(`${name}${text.join('')}`).digest('base64').slice(0, 16)
}

function expositionOf(gathered: Gathered): Exposition {
  const series = new Map<string, Series>()
  const edges = new Set<string>()
  const add = (key: string, one: Series) => {
    series.set(key, one)
    edges.add(keyOfEdge(one.call.edge))
  }
  for (const [key, { metric, call, value }] of gathered.counters) add(key, { call, measure: metric.measure, mesh: metric.mesh, bounds: [], values: [value] })
  for (const [key, { metric, call, buckets, sum, count }] of gathered.histograms) {
    const sorted = [...buckets].sort(([a], [b]) => a - b)
    const rises = sorted.every(([, below], index) => index === 0 || below >= sorted[index - 1]![1]) // not the first
    const whole = sorted.at(-1)
    // Of bytes the sum is enough.
    if (metric.measure !== 'latency' && sum !== null) add(key, { call, measure: metric.measure, mesh: metric.mesh, bounds: [], values: [Math.floor(sum)] })
    else if (whole?.[0] !== Infinity || !rises || (count !== null && Math.floor(count) !== whole[1])) refuse(gathered, 'not_a_histogram')
    else {
      const bounds = sorted.slice(0, -1).map(([bound]) => bound)
      add(`${key}${createHash('sha256').update(bounds.join()).digest('base64').slice(0, 6)}`, { call, measure: 'latency', mesh: metric.mesh, bounds, values: [sum ?? 0, whole[1], ...sorted.map(([, below]) => below)] })
    }
  }
  if (edges.size > SCRAPE_LIMITS.edgesMax) throw new MeshError('too_large', `it has calls between more than ${SCRAPE_LIMITS.edgesMax} pairs`)
  return { series, refused: gathered.refused, processStart: gathered.processStart, edges: edges.size }
}
