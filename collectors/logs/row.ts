import type { SpanGroup } from '../spans/row.ts'

/** A log record between its bytes and its row. */
export interface LogRow {
  group: SpanGroup
  traceId: Buffer
  spanId: Buffer | null
  timeUs: number
  /** 1 to 24 as in OTLP; 0 unset. */
  severity: number
  /** The OTLP LogRecord as it is kept: without content. */
  bytes: Buffer
  /** What was cut out, as a fragment of a LogRecord; null when nothing was or it may not be recorded. */
  content: Buffer | null
}
