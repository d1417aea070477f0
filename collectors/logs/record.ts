// One OTLP LogRecord: what trace and span it belongs to, and which of its bytes are content.
import { eachField, readLength, readTag, readVarint, skip, skipFixed64, type Cursor } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { isEventContent } from '../attributes.ts'
import type { SpanGroup } from '../spans/row.ts'
import { placeInTime } from '../spans/time.ts'
import { checkValue, readScalar } from '../values.ts'
import type { DecodedLogs } from './decode.ts'

export interface RecordReader {
  nowUs: number
  retentionUs: number
  recordContent: boolean
  group: SpanGroup
  decoded: DecodedLogs
}

const TAG = { time: 0x09, severity: 0x10, body: 0x2a, attribute: 0x32, traceId: 0x4a, spanId: 0x52, observed: 0x59, eventName: 0x62 } as const

interface Field {
  tag: number
  from: number
  to: number
  /** Where the key of an attribute is. */
  key: Place
}

type Place = readonly [from: number, to: number]
const NOWHERE: Place = [0, 0]
const EVENT_NAME = 'event.name'

/** Adds the record to `decoded.records`, or counts why it is refused. */
export function readRecord(cursor: Cursor, reader: RecordReader): void {
  const { bytes, at: start, end } = cursor
  const fields: Field[] = []
  let timeAt = -1
  let observedAt = -1
  let severity = 0
  let eventName = ''
  let traceId: Buffer | null = null
  let spanId: Buffer | null = null
  while (cursor.at < end) {
    const from = cursor.at
    const tag = readTag(cursor)
    let key = NOWHERE
    if (tag === TAG.time) timeAt = skipFixed64(cursor)
    else if (tag === TAG.observed) observedAt = skipFixed64(cursor)
    else if (tag === TAG.severity) severity = readVarint(cursor)
    else if (tag === TAG.traceId) traceId = take(cursor)
    else if (tag === TAG.spanId) spanId = take(cursor)
    else if (tag === TAG.eventName) eventName = take(cursor).toString('utf8')
    else if (tag === TAG.body) checkValue(cursor, readLength(cursor))
    else if (tag === TAG.attribute) {
      const attribute = readAttribute(cursor, readLength(cursor))
      key = attribute.key
      if (eventName === '') eventName = attribute.eventName // before `event_name` became a field
    } else skip(cursor, tag)
    fields.push({ tag, from, to: cursor.at, key })
  }
  const problem = idProblem(traceId, spanId)
  if (problem !== null || traceId === null) return void reader.decoded.refused.set(problem ?? NO_TRACE, (reader.decoded.refused.get(problem ?? NO_TRACE) ?? 0) + 1)
  const cuts = fields.filter((field) => isContent(bytes, field, eventName))
  const kept = cuts.length === 0 ? { bytes: bytes.subarray(start, end), content: null } : split(bytes, fields, new Set(cuts))
  if (!reader.recordContent) reader.decoded.contentDropped += cuts.length
  const { timeUs } = placeInTime(bytes, timeAt >= 0 && bytes.readBigUInt64LE(timeAt) !== 0n ? timeAt : observedAt, -1, reader)
  const isRoot = spanId === null || spanId.every((byte) => byte === 0)
  reader.decoded.records.push({ group: reader.group, traceId, spanId: isRoot ? null : spanId, timeUs, severity: Math.min(severity, 255), bytes: kept.bytes, content: reader.recordContent ? kept.content : null })
}

const NO_TRACE = 'log_without_trace'

function idProblem(traceId: Buffer | null, spanId: Buffer | null): string | null {
  if (traceId === null || traceId.every((byte) => byte === 0)) return NO_TRACE // no bytes at all is every one as well
  if (traceId.length !== 16) return 'invalid_trace_id'
  return spanId === null || spanId.length === 0 || spanId.length === 8 ? null : 'invalid_span_id'
}

/** The body of a GenAI event is the message itself; an agent's other log lines are its own business. */
function isContent(bytes: Buffer, field: Field, eventName: string): boolean {
  if (field.tag === TAG.body) return eventName.startsWith('gen_ai.')
  return field.tag === TAG.attribute && isEventContent(eventName, bytes, ...field.key)
}

function split(bytes: Buffer, fields: readonly Field[], cuts: ReadonlySet<Field>): { bytes: Buffer; content: Buffer } {
  const rest = new ByteWriter(256)
  const content = new ByteWriter(256)
  for (const field of fields) (cuts.has(field) ? content : rest).slice(bytes, field.from, field.to)
  return { bytes: rest.done(), content: content.done() }
}

function take(cursor: Cursor): Buffer {
  const to = readLength(cursor)
  const taken = cursor.bytes.subarray(cursor.at, to)
  cursor.at = to
  return taken
}

/** `eventName` is '' for every other attribute. */
function readAttribute(cursor: Cursor, end: number): { key: Place; eventName: string } {
  let key = NOWHERE
  let eventName = ''
  eachField(cursor, end, (tag) => {
    if (tag !== 0x0a && tag !== 0x12) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === 0x0a) {
      key = [cursor.at, to]
      cursor.at = to
    } else if (isEventName(cursor.bytes, key)) eventName = String(readScalar(cursor, to) ?? '')
    else checkValue(cursor, to)
  })
  return { key, eventName }
}

function isEventName(bytes: Buffer, [from, to]: Place): boolean {
  return to - from === EVENT_NAME.length && bytes.toString('latin1', from, to) === EVENT_NAME
}
