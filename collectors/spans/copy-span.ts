// A row of `telemetry.span` in PostgreSQL's binary form. The hot path: fixed columns are laid into one stretch, unchecked.
import type { ByteWriter } from '#server/otlp/writer.ts'
import { ABSENT, COLUMN, type Column, type SpanColumns } from './columns.ts'
import { copyInt32, copyInt64, copyText, EPOCH_US } from './copy.ts'

export const SPAN_COLUMNS = `telemetry.span (time, trace_id, span_id, parent_id, duration_us, block_id, block_at, service_id, class_id, flags,
  input_tokens, output_tokens, bytes_sent, bytes_received, gen_ai_conversation)`
const FIELDS = 15
const FIXED_BYTES = 2 + 12 + 20 + 12 + 12 + 12 + 12 + 8 + 8 + 8 + 6

/** `block`, eight bytes, and `blockAt` say where the span's bytes are. It has been named. */
export function copySpan(writer: ByteWriter, spans: SpanColumns, index: number, block: DataView, blockAt: number): void {
  const { view } = spans
  const parentAt = spans.get(index, COLUMN.parent)
  const kind = spans.classes[index]! // the dictionary gave it
  const length = FIXED_BYTES - (parentAt === ABSENT ? 8 : 0)
  const row = writer.take(length)
  let at = writer.length - length
  row.setInt16(at, FIELDS)
  at = int64(row, at + 2, spans.timeUs(index) - EPOCH_US)
  at = words(row, at, 16, view, spans.get(index, COLUMN.trace))
  at = words(row, at, 8, view, spans.get(index, COLUMN.id))
  at = parentAt === ABSENT ? int32(row, at, -1) : words(row, at, 8, view, parentAt)
  at = int64(row, at, spans.durationUs(index))
  at = words(row, at, 8, block, 0)
  at = int32(row, int32(row, at, 4), blockAt)
  at = int32(row, int32(row, at, 4), kind.service.id)
  at = int32(row, int32(row, at, 4), kind.id)
  row.setInt16(int32(row, at, 2), spans.get(index, COLUMN.flags))
  copyInt32(writer, said(spans, index, COLUMN.inputTokens))
  copyInt32(writer, said(spans, index, COLUMN.outputTokens))
  copyInt64(writer, said(spans, index, COLUMN.bytesSent))
  copyInt64(writer, said(spans, index, COLUMN.bytesReceived))
  copyText(writer, spans.conversations.get(index) ?? null)
}

function said(spans: SpanColumns, index: number, column: Column): number | null {
  const value = spans.get(index, column)
  return value === ABSENT ? null : value
}

function int32(row: DataView, at: number, value: number): number {
  row.setInt32(at, value)
  return at + 4
}

/** The length of the field, then a whole number of at most 53 bits. */
function int64(row: DataView, at: number, value: number): number {
  const high = Math.floor(value / 0x100000000)
  return int32(row, int32(row, int32(row, at, 8), high), value - high * 0x100000000)
}

/** The length of the field, then as many bytes: a multiple of four. */
function words(row: DataView, at: number, length: number, source: DataView, from: number): number {
  const start = int32(row, at, length)
  for (let place = 0; place < length; place += 4) row.setInt32(start + place, source.getInt32(from + place))
  return start + length
}
