import type { GenAi } from '../spans/row.ts'

/** Whom a span speaks for. */
export interface ServiceRef {
  id: number
  mesh: string
  /** `agent/NAMESPACE/NAME`. */
  node: string
  namespace: string
  version: string
}

/** What of a span its calls are told from. */
export interface CallSpan {
  /** Eight bytes, as Latin-1 text: short to keep, quick to compare. */
  spanId: string
  parentId: string | null
  service: ServiceRef
  timeUs: number
  durationUs: number
  flags: number
  kind: number
  protocol: number
  peer: string | null
  bytesSent: number | null
  bytesReceived: number | null
  genAi: GenAi | null
}
