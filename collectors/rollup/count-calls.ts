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
  const known = new Map<string, KnownTrace>()
  const unknown: string[] = []
  for (const [key, { traceId }] of fresh) {
    const trace = trusted ? memory.get(key) : undefined
    if (trace) known.set(key, trace)
    else unknown.push(traceId.toString('hex'))
  }
  const stored = await readStoredTraces(client, unknown)
  const tally = new Tally()
  const traces = new Map<string, KnownTrace>()
  const openMs = Date.now() - CORRECTED_MS
  for (const [key, batch] of fresh) {
    const before = known.get(key) ?? stored.get(key) ?? NOTHING
    const after = extendTrace(before, batch.spans)
    traces.set(key, after)
    if (after === before) continue
    const { gone, come } = differenceOf(before.calls, after.calls)
    for (const call of gone) addCall(tally, batch.mesh, call, -1, openMs)
    for (const call of come) addCall(tally, batch.mesh, call, 1, openMs)
  }
  return { changes: tally.changes(), traces, trusted }
}

/** So many calls further on the same one is looked for; one that stands elsewhere is taken back and counted again. */
const LOOK_AHEAD = 8

/** The calls of a trace before and after it grew, less those that stand in both. Both are in the order of `callsOfTrace`, so most meet at once. */
export function differenceOf(before: readonly Call[], after: readonly Call[]): { gone: Call[]; come: Call[] } {
  const gone: Call[] = []
  const come: Call[] = []
  let next = 0
  for (const call of before) {
    let at = next
    while (at < after.length && at < next + LOOK_AHEAD && !isSameCall(call, after[at]!)) at++
    if (at === after.length || at === next + LOOK_AHEAD) {
      gone.push(call)
      continue
    }
    for (; next < at; next++) come.push(after[next]!) // those between are new, or are taken back under another place
    next = at + 1
  }
  for (; next < after.length; next++) come.push(after[next]!)
  return { gone, come }
}

function isSameCall(a: Call, b: Call): boolean {
  return a.timeUs === b.timeUs && a.durationUs === b.durationUs && a.source === b.source && a.target === b.target && a.sourceVersion === b.sourceVersion &&
    a.targetVersion === b.targetVersion && a.protocol === b.protocol && a.evidence === b.evidence && a.outcome === b.outcome && a.retries === b.retries &&
    a.bytesSent === b.bytesSent && a.bytesReceived === b.bytesReceived && a.inputTokens === b.inputTokens && a.outputTokens === b.outputTokens
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
  if (call.evidence === 'mesh' || call.evidence === 'spans') addToSketch(entry.latency, call.durationUs, sign) // the others say how much, not how long
}
