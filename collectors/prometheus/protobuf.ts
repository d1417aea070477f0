// The protobuf exposition: MetricFamily messages, each behind its length.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
import { cursorOf, eachField, readLength, readVarint, skip, skipFixed64, textOf, type Cursor } from '#server/otlp/wire.ts'
import { BREATH, LIMITS, malformed, type Sample, type Samples, type Wanted } from './sample.ts'

const TYPES = ['counter', 'gauge', 'summary', 'untyped', 'histogram', 'gaugehistogram']
const FAMILY = { name: 0x0a, type: 0x18, metric: 0x22 }
const METRIC = { label: 0x0a, gauge: 0x12, counter: 0x1a, untyped: 0x2a, histogram: 0x3a }
/** Of Gauge, Counter and Untyped alike, and of a label's name and value. */
const VALUE = 0x09
const LABEL = { name: 0x0a, value: 0x12 }
const HISTOGRAM = { count: 0x08, sum: 0x11, bucket: 0x1a, countFloat: 0x21 }
const BUCKET = { count: 0x08, bound: 0x11, countFloat: 0x21 }

/** Throws `bad_request` for bytes that are no such messages. Of a histogram the classic buckets are read, native ones not. */
export function* readProtobuf(bytes: Buffer, wanted: Wanted): Samples {
  const cursor = cursorOf(bytes)
  let read = 0
  for (let families = 1; cursor.at < bytes.length; families++) {
    if (families > LIMITS.typesMax) malformed(`metric ${families}`, `more than ${LIMITS.typesMax} metrics`)
    for (const sample of readFamily(cursor, readLength(cursor), wanted)) {
      yield sample
      if (++read % BREATH.samples === 0) yield null
    }
  }
}

function* readFamily(cursor: Cursor, end: number, wanted: Wanted): Generator<Sample> {
  let name = ''
  let type = 'counter' // the first of its enum, which proto2 gives to what is not there
  const metrics: [number, number][] = []
  eachField(cursor, end, (tag) => {
    if (tag === FAMILY.type) type = TYPES[readVarint(cursor)] ?? 'unknown'
    else if (tag === FAMILY.name || tag === FAMILY.metric) {
      const to = readLength(cursor)
      if (tag === FAMILY.name) name = textOf(cursor.bytes, cursor.at, to)
      else metrics.push([cursor.at, to])
      cursor.at = to
    } else skip(cursor, tag)
  })
  if (!wanted(name) && !wanted(`${name}_bucket`) && !wanted(`${name}_sum`)) return
  for (const [at, to] of metrics) yield* readMetric({ bytes: cursor.bytes, at, end: to }, name, type)
}

function readMetric(cursor: Cursor, name: string, type: string): Sample[] {
  const labels: Record<string, string> = Object.create(null) // a label may be named __proto__
  const values: { name: string; le?: string; value: number }[] = []
  let count = 0
  eachField(cursor, cursor.end, (tag) => {
    if (tag === METRIC.label) {
      if (++count > LIMITS.labelsMax) malformed(name, `more than ${LIMITS.labelsMax} labels`)
      const [label, value] = readLabel(cursor, readLength(cursor), name)
      if (label in labels) malformed(name, `the label ${label} is there twice`)
      labels[label] = value
    } else if (tag === METRIC.gauge || tag === METRIC.counter || tag === METRIC.untyped) values.push({ name, value: readValue(cursor, readLength(cursor)) })
    else if (tag === METRIC.histogram) values.push(...readHistogram(cursor, readLength(cursor), name))
    else skip(cursor, tag)
  })
  return values.map(({ name, le, value }) => ({ name, type, labels: le === undefined ? labels : { ...labels, le }, value }))
}

function readLabel(cursor: Cursor, end: number, metric: string): [string, string] {
  let [name, value] = ['', '']
  eachField(cursor, end, (tag) => {
    if (tag !== LABEL.name && tag !== LABEL.value) return skip(cursor, tag)
    const to = readLength(cursor)
    if (to - cursor.at > LIMITS.labelMax) malformed(metric, `a label is longer than ${LIMITS.labelMax} bytes`)
    if (tag === LABEL.name) name = textOf(cursor.bytes, cursor.at, to)
    else value = textOf(cursor.bytes, cursor.at, to)
    cursor.at = to
  })
  return [name, value]
}

function readValue(cursor: Cursor, end: number): number {
  let value = 0
  eachField(cursor, end, (tag) => {
    if (tag === VALUE) value = cursor.bytes.readDoubleLE(skipFixed64(cursor))
    else skip(cursor, tag)
  })
  return value
}

function readHistogram(cursor: Cursor, end: number, name: string): { name: string; le?: string; value: number }[] {
  let [count, sum] = [0, 0]
  const buckets: { name: string; le: string; value: number }[] = []
  eachField(cursor, end, (tag) => {
    if (tag === HISTOGRAM.count) count = readVarint(cursor)
    else if (tag === HISTOGRAM.countFloat) count = cursor.bytes.readDoubleLE(skipFixed64(cursor))
    else if (tag === HISTOGRAM.sum) sum = cursor.bytes.readDoubleLE(skipFixed64(cursor))
    else if (tag === HISTOGRAM.bucket) buckets.push({ name: `${name}_bucket`, ...readBucket(cursor, readLength(cursor)) })
    else skip(cursor, tag)
  })
  // The last bucket may be left out: it is the count.
  if (buckets.length > 0 && buckets.at(-1)?.le !== '+Inf') buckets.push({ name: `${name}_bucket`, le: '+Inf', value: count })
  return [...buckets, { name: `${name}_sum`, value: sum }, { name: `${name}_count`, value: count }]
}

function readBucket(cursor: Cursor, end: number): { le: string; value: number } {
  let [count, bound] = [0, 0]
  eachField(cursor, end, (tag) => {
    if (tag === BUCKET.count) count = readVarint(cursor)
    else if (tag === BUCKET.bound) bound = cursor.bytes.readDoubleLE(skipFixed64(cursor))
    else if (tag === BUCKET.countFloat) count = cursor.bytes.readDoubleLE(skipFixed64(cursor))
    else skip(cursor, tag)
  })
  return { le: bound === Infinity ? '+Inf' : String(bound), value: count }
}
