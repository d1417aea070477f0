// OTLP metrics, point by point. https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
import { eachField, readLength, readVarint, skip, skipFixed64, type Cursor } from '#server/otlp/wire.ts'
import { eachScope } from '../scopes.ts'
import type { ResourceInfo } from '../spans/row.ts'
import { readScalar } from '../values.ts'

export interface Point {
  resource: ResourceInfo
  metric: string
  kind: 'gauge' | 'sum' | 'histogram' | 'other'
  /** 1 delta, 2 cumulative, 0 neither. */
  temporality: number
  attributes: ReadonlyMap<string, string>
  startMs: number
  timeMs: number
  value: number
  /** Counts between `bounds`, one more than there are bounds. */
  counts: number[]
  bounds: number[]
}

/** Calls `visit` for every data point. Throws `bad_request` when the bytes are not an ExportMetricsServiceRequest. */
export function eachPoint(bytes: Buffer, visit: (point: Point) => void): void {
  eachScope(bytes, (resource, _scope, metrics) => {
    for (let at = 0; at < metrics.length; at += 2) readMetric({ bytes, at: metrics[at]!, end: metrics[at + 1]! }, resource, visit) // pairs
  })
}

const KINDS: Record<number, Point['kind']> = { 0x2a: 'gauge', 0x3a: 'sum', 0x4a: 'histogram', 0x52: 'other', 0x5a: 'other' }

function readMetric(cursor: Cursor, resource: ResourceInfo, visit: (point: Point) => void): void {
  let name = ''
  const parts: { kind: Point['kind']; from: number; to: number }[] = []
  eachField(cursor, cursor.end, (tag) => {
    const kind = KINDS[tag]
    if (tag !== 0x0a && kind === undefined) return skip(cursor, tag)
    const to = readLength(cursor)
    if (kind) parts.push({ kind, from: cursor.at, to })
    else name = cursor.bytes.toString('utf8', cursor.at, to)
    cursor.at = to
  })
  for (const { kind, from, to } of parts) readData({ bytes: cursor.bytes, at: from, end: to }, kind, name, resource, visit)
}

function readData(cursor: Cursor, kind: Point['kind'], metric: string, resource: ResourceInfo, visit: (point: Point) => void): void {
  let temporality = 0
  const points: [number, number][] = []
  eachField(cursor, cursor.end, (tag) => {
    if (tag === 0x10) temporality = readVarint(cursor)
    else if (tag === 0x0a) {
      const to = readLength(cursor)
      points.push([cursor.at, to])
      cursor.at = to
    } else skip(cursor, tag)
  })
  for (const [from, to] of points) {
    const point = readPoint({ bytes: cursor.bytes, at: from, end: to }, kind)
    visit({ ...point, resource, metric, kind, temporality })
  }
}

function readPoint(cursor: Cursor, kind: Point['kind']): Pick<Point, 'attributes' | 'startMs' | 'timeMs' | 'value' | 'counts' | 'bounds'> {
  const { bytes } = cursor
  const attributes = new Map<string, string>()
  const attributesTag = kind === 'histogram' ? 0x4a : kind === 'other' ? -1 : 0x3a
  const point = { attributes, startMs: 0, timeMs: 0, value: 0, counts: [] as number[], bounds: [] as number[] }
  const fixed = () => bytes.readBigUInt64LE(skipFixed64(cursor))
  eachField(cursor, cursor.end, (tag) => {
    if (tag === attributesTag) readAttribute(cursor, readLength(cursor), attributes)
    else if (tag === 0x11) point.startMs = Number(fixed() / 1_000_000n)
    else if (tag === 0x19) point.timeMs = Number(fixed() / 1_000_000n)
    else if (kind === 'other') skip(cursor, tag)
    else if (kind === 'histogram') readHistogramField(cursor, tag, point)
    else if (tag === 0x31) point.value = Number(BigInt.asIntN(64, fixed()))
    else if (tag === 0x21) point.value = bytes.readDoubleLE(skipFixed64(cursor))
    else skip(cursor, tag)
  })
  return point
}

function readHistogramField(cursor: Cursor, tag: number, point: { value: number; counts: number[]; bounds: number[] }): void {
  const { bytes } = cursor
  const count = () => Number(bytes.readBigUInt64LE(skipFixed64(cursor)))
  const double = () => bytes.readDoubleLE(skipFixed64(cursor))
  switch (tag) {
    case 0x29: // sum
      point.value = double()
      return
    case 0x31:
      point.counts.push(count())
      return
    case 0x32:
      eachPacked(cursor, () => point.counts.push(count()))
      return
    case 0x39:
      point.bounds.push(double())
      return
    case 0x3a:
      eachPacked(cursor, () => point.bounds.push(double()))
      return
    default:
      skip(cursor, tag)
  }
}

function eachPacked(cursor: Cursor, read: () => void): void {
  const end = readLength(cursor)
  while (cursor.at < end) read()
}

function readAttribute(cursor: Cursor, end: number, attributes: Map<string, string>): void {
  let key = ''
  eachField(cursor, end, (tag) => {
    if (tag !== 0x0a && tag !== 0x12) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === 0x12) return void attributes.set(key, String(readScalar(cursor, to) ?? ''))
    key = cursor.bytes.toString('utf8', cursor.at, to)
    cursor.at = to
  })
}
