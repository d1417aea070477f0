import type { Sketch } from '#server/otlp/sketch.ts'

/** Of calls, the mesh's and the spans'; then what calls led to: what was asked of models, and tasks that ended. */
export const EVIDENCE = { mesh: 0, spans: 1, models: 2, tasks: 3 } as const
export type Evidence = (typeof EVIDENCE)[keyof typeof EVIDENCE]

/** Caller → callee. Nodes are ids without version, such as `agent/default/translator`; versions are '' where unknown. */
export interface EdgeKey {
  mesh: string
  source: string
  sourceVersion: string
  target: string
  targetVersion: string
  protocol: string
}

export function keyOfEdge({ mesh, source, sourceVersion, target, targetVersion, protocol }: EdgeKey): string {
  return `${mesh}\0${source}\0${sourceVersion}\0${target}\0${targetVersion}\0${protocol}`
}

/** What an edge did in one stretch of time; negative numbers take back what was counted too early. */
export interface Counts {
  requests: number
  errors: number
  refused: number
  retries: number
  mtls: number
  bytesSent: number
  bytesReceived: number
  inputTokens: number
  outputTokens: number
  durationUs: number
}
export const COUNTS = ['requests', 'errors', 'refused', 'retries', 'mtls', 'bytesSent', 'bytesReceived', 'inputTokens', 'outputTokens', 'durationUs'] as const satisfies readonly (keyof Counts)[]

export interface Contribution extends Counts {
  edge: EdgeKey
  evidence: Evidence
  /** Any moment of the stretch. */
  timeMs: number
  latency: Sketch
}

export function noCounts(): Counts {
  return { requests: 0, errors: 0, refused: 0, retries: 0, mtls: 0, bytesSent: 0, bytesReceived: 0, inputTokens: 0, outputTokens: 0, durationUs: 0 }
}

export const BUCKET_MS = 10_000

/** Contributions summed by edge, evidence and ten seconds. */
export class Tally {
  readonly entries = new Map<string, Contribution>()

  at(edge: EdgeKey, evidence: Evidence, timeMs: number): Contribution {
    const bucket = Math.floor(timeMs / BUCKET_MS) * BUCKET_MS
    const key = `${keyOfEdge(edge)}\0${evidence}${bucket}`
    const before = this.entries.get(key)
    if (before) return before
    const entry: Contribution = { edge, evidence, timeMs: bucket, latency: new Map(), ...noCounts() }
    this.entries.set(key, entry)
    return entry
  }

  /** Those that change anything. */
  changes(): Contribution[] {
    return [...this.entries.values()].filter((entry) => COUNTS.some((name) => entry[name] !== 0) || [...entry.latency.values()].some((count) => count !== 0))
  }
}
