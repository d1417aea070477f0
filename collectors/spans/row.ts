/** Who sent a request, as its token proves; `name` null is unattested. */
export interface Sender {
  mesh: string
  /** The SPIFFE id of a proxy, or `token NAME` for an API token, whose name anybody may choose. */
  name: string | null
  /** The proxy whose telemetry token came along; null for every other sender. */
  proxy: string | null
}

/** An OTLP Resource with what we read from it. */
export interface ResourceInfo {
  /** Its protobuf bytes, then field 100: the schema URL of its list. */
  bytes: Buffer
  namespace: string
  service: string
  version: string
  instance: string
  /** An Envoy that speaks in the name of the agent it stands beside. */
  proxy: boolean
}

export interface SpanGroup {
  sender: Sender
  resource: ResourceInfo
  scope: Buffer
}

export const FLAG = { root: 1, proxy: 2, clock: 4, error: 8, refused: 16, content: 32 } as const
export const PROTOCOL = { none: 0, http: 1, grpc: 2, a2a: 3, mcp: 4, tunnel: 5 } as const
export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

export interface GenAi {
  operation: string | null
  agent: string | null
  model: string | null
  tool: string | null
  conversation: string | null
  inputTokens: number | null
  outputTokens: number | null
}

/** A span between its bytes and its row. */
export interface SpanRow {
  group: SpanGroup
  traceId: Buffer
  spanId: Buffer
  parentId: Buffer | null
  name: string
  kind: number
  status: number
  /** Microseconds since 1970: 53 bits hold them exactly until the year 2255. */
  timeUs: number
  durationUs: number
  flags: number
  protocol: number
  httpStatus: number | null
  peer: string | null
  bytesSent: number | null
  bytesReceived: number | null
  genAi: GenAi | null
  /** The OTLP Span as it is kept: as received, without content. */
  bytes: Buffer
  /** What was cut out, as a fragment of an OTLP Span; null when nothing was or it may not be recorded. */
  content: Buffer | null
}
