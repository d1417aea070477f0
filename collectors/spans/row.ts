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

export const FLAG = { root: 1, proxy: 2, clock: 4, error: 8, refused: 16, content: 32, entry: 64, taskDone: 128, taskFailed: 256 } as const
export const PROTOCOL = { none: 0, http: 1, grpc: 2, a2a: 3, mcp: 4, tunnel: 5 } as const
export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
