// What is known of traces that grow just now, so that their next spans can be counted without reading back the ones before.
import type { CallSpan } from './call-span.ts'
import { callsOfTrace, type Call } from './trace-calls.ts'

export const MEMORY = {
  /** Spans kept over all traces, about 250 bytes each; the trace that was quiet longest goes first. */
  spansMax: 100_000,
  /** A trace with more spans, or more rows when it is read back, keeps the calls that were counted until then. */
  traceSpansMax: 20_000,
}

export interface KnownTrace {
  spans: readonly CallSpan[]
  /** The calls that these spans show: what the stored counts hold of this trace. */
  calls: readonly Call[]
}

export interface TraceMemory {
  /** Whose memory this is, among the collectors of a database. */
  readonly writer: number
  get(key: string): KnownTrace | undefined
  /** After the commit that stored its spans, never before. */
  put(key: string, trace: KnownTrace): void
  /** After a commit whose outcome is unknown. */
  clear(): void
}

export function openTraceMemory(limits = MEMORY): TraceMemory {
  const traces = new Map<string, KnownTrace>()
  let spans = 0
  return {
    writer: Math.floor(Math.random() * 2 ** 31),
    get: (key) => traces.get(key),
    put(key, trace) {
      const before = traces.get(key)
      if (before) {
        traces.delete(key)
        spans -= before.spans.length
      }
      traces.set(key, trace)
      spans += trace.spans.length
      for (const [oldest, { spans: gone }] of traces) {
        if (spans <= limits.spansMax) break
        traces.delete(oldest)
        spans -= gone.length
      }
    },
    clear() {
      traces.clear()
      spans = 0
    },
  }
}

/** Of a trace that has all it may: nothing is counted and nothing taken back. */
export const FULL: KnownTrace = { spans: [], calls: [] }

export const traceOf = (spans: readonly CallSpan[]): KnownTrace => ({ spans, calls: callsOfTrace(spans) })

/** The trace with further spans; the very same object when none of them is new, or when it has all it may. */
export function extendTrace(trace: KnownTrace, added: readonly CallSpan[], limits = MEMORY): KnownTrace {
  if (trace === FULL || trace.spans.length + added.length > limits.traceSpansMax) return trace
  const byId = new Map<string, CallSpan>()
  for (const span of trace.spans) byId.set(`${span.spanId}${span.class.service.id}`, span)
  let changed = false
  for (const span of added) {
    const key = `${span.spanId}${span.class.service.id}`
    const before = byId.get(key)
    // A span may be sent again when it has gone on: the longer one is the later one, in whatever order they come.
    if (before && before.durationUs >= span.durationUs) continue
    byId.set(key, span)
    changed = true
  }
  return changed ? traceOf([...byId.values()]) : trace
}
