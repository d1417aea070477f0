/** Cumulative values of one cluster or listener kind, as a proxy said them at one moment. */
export interface Reading {
  /** When the counters began, in whatever unit the proxy says it: another value is another beginning. */
  start: number
  timeMs: number
  values: Record<string, number>
  bounds: number[]
  counts: number[]
}

/** One export of a proxy's metrics that counts as evidence: its sender proved to be the agent it speaks for. */
export interface ProxyFlush {
  mesh: string
  proxy: string
  namespace: string
  agent: string
  version: string
  /** `cluster/NAMESPACE/AGENT/VERSION` or `gateway`. */
  readings: Map<string, Reading>
  receivedMs: number
}
