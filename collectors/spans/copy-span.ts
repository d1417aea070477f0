// A row of `telemetry.span` in PostgreSQL's binary form. The hot path: fixed columns are laid into one stretch, unchecked.
import type { ByteWriter } from '#server/otlp/writer.ts'
import { copyInt32, copyInt64, copyText, EPOCH_US } from './copy.ts'
import type { SpanRow } from './row.ts'

export const SPAN_COLUMNS = `telemetry.span (time, trace_id, span_id, parent_id, duration_us, block_id, block_at, service_id, class_id, flags,
  input_tokens, output_tokens, bytes_sent, bytes_received, gen_ai_conversation)`
const FIELDS = 15
const FIXED_BYTES = 2 + 12 + 20 + 12 + 12 + 12 + 12 + 8 + 8 + 8 + 6

/** `block`, eight bytes, and `blockAt` say where the span's bytes are. It has been named. */
export function copySpan(writer: ByteWriter, span: SpanRow, block: Buffer, blockAt: number): void {
  const { source, traceAt, spanAt, parentAt } = span
  const bytes = writer.take(FIXED_BYTES - (parentAt < 0 ? 8 : 0))
  let at = writer.length - (FIXED_BYTES - (parentAt < 0 ? 8 : 0))
  at = int16(bytes, at, FIELDS)
  at = int64(bytes, at, span.timeUs - EPOCH_US)
  at = slice(bytes, at, source, traceAt, 16)
  at = slice(bytes, at, source, spanAt, 8)
  at = parentAt < 0 ? int32(bytes, at, -1) : slice(bytes, at, source, parentAt, 8)
  at = int64(bytes, at, span.durationUs)
  at = slice(bytes, at, block, 0, 8)
  at = int32(bytes, int32(bytes, at, 4), blockAt)
  at = int32(bytes, int32(bytes, at, 4), span.class!.service.id) // the dictionary gave it
  at = int32(bytes, int32(bytes, at, 4), span.class!.id) // as above
  int16(bytes, int32(bytes, at, 2), span.flags)
  copyInt32(writer, span.inputTokens)
  copyInt32(writer, span.outputTokens)
  copyInt64(writer, span.bytesSent)
  copyInt64(writer, span.bytesReceived)
  copyText(writer, span.conversation)
}

function int16(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >> 8
  bytes[at + 1] = value
  return at + 2
}

function int32(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >> 24
  bytes[at + 1] = value >> 16
  bytes[at + 2] = value >> 8
  bytes[at + 3] = value
  return at + 4
}

/** The length of the field, then a whole number of at most 53 bits. */
function int64(bytes: Buffer, at: number, value: number): number {
  const high = Math.floor(value / 0x100000000)
  return int32(bytes, int32(bytes, int32(bytes, at, 8), high), value - high * 0x100000000)
}

function slice(bytes: Buffer, at: number, source: Buffer, from: number, length: number): number {
  const start = int32(bytes, at, length)
  for (let place = 0; place < length; place++) bytes[start + place] = source[from + place]!  // ids are read whole
  return start + length
}
