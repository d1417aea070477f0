// One OTLP Span: ids, times, what its attributes mean, and which of its bytes are content. This is the hot path: no closures a span.
import { readLength, readTag, readVarint, skip, skipFixed64, type Cursor } from '#server/otlp/wire.ts'
import { CONTENT, meaningsOfKeys, SLOT, SLOTS } from '../attributes.ts'
import type { Decoded } from '../decode.ts'
import { checkValue, readScalar } from '../values.ts'
import { ABSENT, COLUMN } from './columns.ts'
import { cutContent, type Cut } from './content.ts'
import { describeSpan, noMeaning, type Slots } from './meaning.ts'
import { FLAG, KIND } from './row.ts'
import { names, NO_NAME, shapeOf } from './shapes.ts'
import { placeInTime } from './time.ts'

export interface SpanReader {
  nowUs: number
  retentionUs: number
  recordContent: boolean
  proxy: boolean
  /** Its place among the groups of `decoded.spans`. */
  group: number
  decoded: Decoded
}

const OPERATION_NAME_MAX = 255
const slots: Slots = new Array(SLOTS).fill(null)
const cuts: Cut[] = []
const said = noMeaning()

/** Adds the span to `decoded.spans`, or counts why it is refused. */
export function readSpan(cursor: Cursor, reader: SpanReader): void {
  const { bytes, at: start, end } = cursor
  slots.fill(null)
  cuts.length = 0
  let traceAt = -1, spanAt = -1, parentAt = -1, startAt = -1, endAt = -1 // offsets: numbers are read once, at the end
  let traceLength = 0, spanLength = 0, parentLength = 0
  let name = NO_NAME
  let kind = 0
  let status = 0
  while (cursor.at < end) {
    const fieldAt = cursor.at
    const tag = readTag(cursor)
    switch (tag) {
      case 0x0a: {
        const to = readLength(cursor)
        traceAt = cursor.at
        traceLength = to - traceAt
        cursor.at = to
        break
      }
      case 0x12: {
        const to = readLength(cursor)
        spanAt = cursor.at
        spanLength = to - spanAt
        cursor.at = to
        break
      }
      case 0x22: {
        const to = readLength(cursor)
        parentAt = cursor.at
        parentLength = to - parentAt
        cursor.at = to
        break
      }
      case 0x2a: {
        const to = readLength(cursor)
        name = names.get(bytes, cursor.at, Math.min(to, cursor.at + OPERATION_NAME_MAX))
        cursor.at = to
        break
      }
      case 0x30:
        kind = readVarint(cursor)
        break
      case 0x39:
        startAt = skipFixed64(cursor)
        break
      case 0x41:
        endAt = skipFixed64(cursor)
        break
      case 0x4a:
        readAttribute(cursor, fieldAt, readLength(cursor))
        break
      case 0x5a: {
        const to = readLength(cursor)
        cuts.push({ kind: 'event', from: fieldAt, bodyFrom: cursor.at, to })
        cursor.at = to
        break
      }
      case 0x6a: {
        const to = readLength(cursor)
        checkMessage(cursor, to, 0x22)
        break
      }
      case 0x7a:
        status = readStatus(cursor, readLength(cursor))
        break
      default:
        skip(cursor, tag)
    }
  }
  const problem = idProblem(bytes, traceAt, traceLength, 16, 'trace_id') ?? idProblem(bytes, spanAt, spanLength, 8, 'span_id') ?? (parentLength === 0 || isZero(bytes, parentAt, parentLength) ? null : parentLength === 8 ? null : 'invalid_parent_span_id')
  if (problem !== null) {
    reader.decoded.refused.set(problem, (reader.decoded.refused.get(problem) ?? 0) + 1)
    return
  }
  if (parentLength !== 8 || isZero(bytes, parentAt, 8)) parentAt = -1
  const place = placeInTime(bytes, startAt, endAt, reader)
  const isEntry = parentAt < 0 || kind === KIND.server || kind === KIND.consumer
  said.kind = kind > 5 ? 0 : kind
  said.status = status > 2 ? 0 : status
  said.flags = place.flags | (parentAt < 0 ? FLAG.root : 0) | (isEntry ? FLAG.entry : 0) | (reader.proxy ? FLAG.proxy : 0)
  describeSpan(said, slots, reader.proxy)
  const { spans } = reader.decoded
  const index = spans.add(shapeOf(name, said), place.timeUs, place.durationUs)
  spans.set(index, COLUMN.trace, traceAt)
  spans.set(index, COLUMN.id, spanAt)
  spans.set(index, COLUMN.parent, parentAt)
  spans.set(index, COLUMN.keptFrom, start)
  spans.set(index, COLUMN.keptTo, end)
  spans.set(index, COLUMN.flags, said.flags)
  spans.set(index, COLUMN.group, reader.group)
  spans.set(index, COLUMN.inputTokens, said.inputTokens ?? ABSENT)
  spans.set(index, COLUMN.outputTokens, said.outputTokens ?? ABSENT)
  spans.set(index, COLUMN.bytesSent, said.bytesSent ?? ABSENT)
  spans.set(index, COLUMN.bytesReceived, said.bytesReceived ?? ABSENT)
  if (said.conversation !== null) spans.conversations.set(index, said.conversation)
  if (cuts.length > 0) cut(cursor, start, index, reader)
}

/** Takes the content out of the span that was added last. */
function cut({ bytes, end }: Cursor, start: number, index: number, { decoded, ...rule }: SpanReader): void {
  const { bytes: kept, content, dropped } = cutContent(bytes, start, end, cuts, rule, slots)
  decoded.contentDropped += dropped
  if (kept === null) return
  decoded.spans.cuts.set(index, { kept, content })
  if (content !== null) decoded.spans.set(index, COLUMN.flags, said.flags | FLAG.content)
}

/** KeyValue: key (1), value (2). The key comes first in every encoder we know; where it does not, the value is kept unread. */
function readAttribute(cursor: Cursor, fieldAt: number, end: number): void {
  let meaning: number = -1
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) {
    const tag = readTag(cursor)
    if (tag === 0x0a) {
      const to = readLength(cursor)
      meaning = meaningsOfKeys.get(cursor.bytes, cursor.at, to)
      cursor.at = to
    } else if (tag === 0x12) {
      const to = readLength(cursor)
      if (meaning >= 0) {
        if (meaning === SLOT.url) cuts.push({ kind: 'url', from: fieldAt, bodyFrom: cursor.at, to: end })
        slots[meaning] = readScalar(cursor, to) ?? slots[meaning]! // the slot exists: SLOTS is their number
      } else if (isShortText(cursor.bytes, cursor.at, to)) cursor.at = to
      else checkValue(cursor, to)
    } else skip(cursor, tag)
  }
  cursor.end = outer
  if (meaning === CONTENT) cuts.push({ kind: 'attribute', from: fieldAt, bodyFrom: fieldAt, to: end })
}

/** Most values are: a text of less than 128 bytes, and nothing behind it. */
function isShortText(bytes: Buffer, from: number, to: number): boolean {
  return bytes[from] === 0x0a && to - from >= 2 && bytes[from + 1]! < 128 && to === from + 2 + bytes[from + 1]!
}

/** A message whose attributes are in the field with `attributeTag`: walked to its leaves. */
function checkMessage(cursor: Cursor, end: number, attributeTag: number): void {
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) {
    const tag = readTag(cursor)
    if (tag === attributeTag) checkMessage(cursor, readLength(cursor), -1)
    else skip(cursor, tag)
  }
  cursor.end = outer
}

function readStatus(cursor: Cursor, end: number): number {
  let code = 0
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) {
    const tag = readTag(cursor)
    if (tag === 0x18) code = readVarint(cursor)
    else skip(cursor, tag)
  }
  cursor.end = outer
  return code
}

function idProblem(bytes: Buffer, at: number, length: number, expected: number, name: string): string | null {
  return length !== expected || isZero(bytes, at, length) ? `invalid_${name}` : null
}

function isZero(bytes: Buffer, at: number, length: number): boolean {
  for (let place = at; place < at + length; place++) if (bytes[place] !== 0) return false
  return true
}
