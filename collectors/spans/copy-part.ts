// A row of `telemetry.span_part` in PostgreSQL's binary form: an array a column, with an element a span. The hot path.
import type { ByteWriter } from '#server/otlp/writer.ts'
import { ABSENT, COLUMN, type Column, type SpanColumns } from './columns.ts'
import { copyBoolean, copyNull, copySlice, copyText, copyTime } from './copy.ts'
import { PART, type SpanPart } from './parts.ts'

export const PART_COLUMNS = `telemetry.span_part (time, trace_id, block_id, gen_ai_conversation, failed, before_us, block_ats, span_ids, parent_ids, durations_us,
  service_ids, class_ids, flags, input_tokens, output_tokens, bytes_sent, bytes_received)`
const FIELDS = 17
/** Of a span's flags. */
const FAILED = 8
/** PostgreSQL's numbers of these types, by the bytes of an element. */
const TYPES = { 2: 21, 4: 23, 8: 20 }
type Size = keyof typeof TYPES

/** Of the array that is written: whole numbers of at most 53 bits, `ABSENT` for null. */
const values = new Float64Array(PART.spansMax)

/** The spans have been named. */
export function copyPart(writer: ByteWriter, requests: readonly SpanColumns[], { places, newestUs, block, conversation }: SpanPart): void {
  const count = places.length / 3
  const spansAt = (place: number) => requests[places[place * 3]!]! // in bounds
  const indexAt = (place: number) => places[place * 3 + 1]! // as above
  const first = spansAt(0)
  writer.int16be(FIELDS)
  copyTime(writer, newestUs)
  copySlice(writer, first.source, first.get(indexAt(0), COLUMN.trace), 16)
  copyWords(writer, block)
  copyText(writer, conversation)
  let flags = 0
  for (let place = 0; place < count; place++) flags |= spansAt(place).get(indexAt(place), COLUMN.flags)
  copyBoolean(writer, (flags & FAILED) !== 0)
  for (let place = 0; place < count; place++) values[place] = newestUs - spansAt(place).timeUs(indexAt(place))
  copyValues(writer, 4, count)
  for (let place = 0; place < count; place++) values[place] = places[place * 3 + 2]! // in bounds
  copyValues(writer, 4, count)
  copyIds(writer, count, spansAt, indexAt, COLUMN.id)
  copyIds(writer, count, spansAt, indexAt, COLUMN.parent)
  for (let place = 0; place < count; place++) values[place] = spansAt(place).durationUs(indexAt(place))
  copyValues(writer, 8, count)
  for (let place = 0; place < count; place++) values[place] = spansAt(place).classes[indexAt(place)]!.service.id // the dictionary gave it
  copyValues(writer, 4, count)
  for (let place = 0; place < count; place++) values[place] = spansAt(place).classes[indexAt(place)]!.id // as above
  copyValues(writer, 4, count)
  for (let place = 0; place < count; place++) values[place] = spansAt(place).get(indexAt(place), COLUMN.flags)
  copyValues(writer, 2, count)
  copySaid(writer, 4, count, spansAt, indexAt, COLUMN.inputTokens)
  copySaid(writer, 4, count, spansAt, indexAt, COLUMN.outputTokens)
  copySaid(writer, 8, count, spansAt, indexAt, COLUMN.bytesSent)
  copySaid(writer, 8, count, spansAt, indexAt, COLUMN.bytesReceived)
}

type SpansAt = (place: number) => SpanColumns
type IndexAt = (place: number) => number

/** Null where no span says it. */
function copySaid(writer: ByteWriter, size: Size, count: number, spansAt: SpansAt, indexAt: IndexAt, column: Column): void {
  let said = false
  for (let place = 0; place < count; place++) said = (values[place] = spansAt(place).get(indexAt(place), column)) !== ABSENT || said
  if (said) copyValues(writer, size, count)
  else copyNull(writer)
}

/** Eight bytes each, from the request. */
function copyIds(writer: ByteWriter, count: number, spansAt: SpansAt, indexAt: IndexAt, column: Column): void {
  for (let place = 0; place < count; place++) values[place] = spansAt(place).get(indexAt(place), column)
  const absent = absentOf(count)
  const [row, start] = takeArray(writer, 8, count, absent)
  let at = start
  for (let place = 0; place < count; place++) {
    const from = values[place]! // in bounds
    row.setInt32(at, from === ABSENT ? -1 : 8)
    at += 4
    if (from === ABSENT) continue
    const { view } = spansAt(place)
    row.setInt32(at, view.getInt32(from))
    row.setInt32(at + 4, view.getInt32(from + 4))
    at += 8
  }
}

function copyValues(writer: ByteWriter, size: Size, count: number): void {
  const [row, start] = takeArray(writer, size, count, absentOf(count))
  let at = start
  for (let place = 0; place < count; place++) {
    const value = values[place]! // in bounds
    row.setInt32(at, value === ABSENT ? -1 : size)
    at += 4
    if (value === ABSENT) continue
    if (size === 2) row.setInt16(at, value)
    else if (size === 4) row.setInt32(at, value)
    else {
      const high = Math.floor(value / 0x100000000)
      row.setInt32(at, high)
      row.setInt32(at + 4, value - high * 0x100000000)
    }
    at += size
  }
}

function absentOf(count: number): number {
  let absent = 0
  for (let place = 0; place < count; place++) if (values[place] === ABSENT) absent++
  return absent
}

/** Room for an array of one dimension, its head written, and where its elements go. https://github.com/postgres/postgres/blob/REL_16_STABLE/src/backend/utils/adt/arrayfuncs.c */
function takeArray(writer: ByteWriter, size: Size, count: number, absent: number): [row: DataView, at: number] {
  const length = 20 + count * (4 + size) - absent * size
  const row = writer.take(4 + length)
  const at = writer.length - length
  row.setInt32(at - 4, length)
  row.setInt32(at, 1)
  row.setInt32(at + 4, absent > 0 ? 1 : 0)
  row.setInt32(at + 8, TYPES[size])
  row.setInt32(at + 12, count)
  row.setInt32(at + 16, 1)
  return [row, at + 20]
}

function copyWords(writer: ByteWriter, word: DataView): void {
  writer.int32be(8)
  writer.int32be(word.getInt32(0))
  writer.int32be(word.getInt32(4))
}
