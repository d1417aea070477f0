import type { SpanClass } from '../spans/span-class.ts'

/** What of a span its calls are told from. */
export interface CallSpan {
  /** Eight bytes, as Latin-1 text: short to keep, quick to compare. */
  spanId: string
  parentId: string | null
  class: SpanClass
  timeUs: number
  durationUs: number
  flags: number
  bytesSent: number
  bytesReceived: number
  inputTokens: number
  outputTokens: number
}
