// What a batch of spans changes in the counts of edges: the calls its traces show with it, less those they showed before. Late spans,
// spans sent twice, several collectors and kills are no cases of their own, for this is committed with the spans.
import type { PoolClient } from '#server/db/pool.ts'
import { addToSketch } from '#server/otlp/sketch.ts'
import type { CallSpan } from './call-span.ts'
import { EVIDENCE, Tally, type Contribution } from './counts.ts'
import { CORRECTED_MS, readStoredTraces } from './stored-traces.ts'
import { extendTrace, type KnownTrace, type TraceMemory } from './trace-memory.ts'
import type { Call } from './trace-calls.ts'

/** Fresh spans of one trace. */
export interface TraceBatch {
  /** Sixteen bytes. */
  traceId: Buffer
  mesh: string
  spans: CallSpan[]
}

export interface CountedCalls {
  changes: Contribution[]
  /** What to remember once the transaction has committed. */
  traces: Map<string, KnownTrace>
  /** Whether what was remembered before is still all there is. */
  trusted: boolean
}

const NOTHING: KnownTrace = { spans: [], calls: [] }

/** Within the transaction that stores `fresh`, and before it does. `trusted`: nobody else stored spans since this memory was filled. */
export async function countCalls(client: PoolClient, fresh: ReadonlyMap<string, TraceBatch>, memory: TraceMemory, trusted: boolean): Promise<CountedCalls> {
  const known = (key: string) => (trusted ? memory.get(key) : undefined)
  const stored = await readStoredTraces(client, [...fresh].filter(([key]) => known(key) === undefined).map(([, batch]) => batch.traceId.toString('hex')))
  const tally = new Tally()
  const traces = new Map<string, KnownTrace>()
  const openMs = Date.now() - CORRECTED_MS
  for (const [key, batch] of fresh) {
    const before = known(key) ?? stored.get(key) ?? NOTHING
    const after = extendTrace(before, batch.spans)
    traces.set(key, after)
    if (after === before) continue
    for (const call of before.calls) addCall(tally, batch.mesh, call, -1, openMs)
    for (const call of after.calls) addCall(tally, batch.mesh, call, 1, openMs)
  }
  return { changes: tally.changes(), traces, trusted }
}

/** What is older than a day stays as it was counted. */
function addCall(tally: Tally, mesh: string, call: Call, sign: 1 | -1, openMs: number): void {
  const timeMs = call.timeUs / 1000
  if (timeMs < openMs) return
  const { source, sourceVersion, target, targetVersion, protocol } = call
  const entry = tally.at({ mesh, source, sourceVersion, target, targetVersion, protocol }, EVIDENCE[call.evidence], timeMs)
  entry.requests += sign
  if (call.outcome === 'error') entry.errors += sign
  else if (call.outcome === 'refused') entry.refused += sign
  entry.retries += sign * call.retries
  entry.bytesSent += sign * call.bytesSent
  entry.bytesReceived += sign * call.bytesReceived
  entry.inputTokens += sign * call.inputTokens
  entry.outputTokens += sign * call.outputTokens
  entry.durationUs += sign * call.durationUs
  addToSketch(entry.latency, call.durationUs, sign)
}
