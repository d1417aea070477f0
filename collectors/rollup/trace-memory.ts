// What is known of traces that grow just now, so that their next spans can be counted without reading back the ones before.
import type { CallSpan } from './call-span.ts'
import { packSpans, unpackSpans, type PackedSpans } from './packed-spans.ts'
import { callsOfTrace, type Call } from './trace-calls.ts'

export const MEMORY = {
  /** Spans kept over all traces, about 100 bytes each, 400 where a trace grows; the half that was quiet longest goes at once. */
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

/** A trace that has grown is likely to grow again: it is kept as it is, with its calls. Nearly all others are never asked for, and are packed. */
type Kept = KnownTrace | PackedSpans

/**
 * Two halves: a trace that is put goes into the new one, and when that is full the old one is dropped whole. Taking traces out one by one
 * cost three CPU seconds in a million spans, and as objects they were most of what the garbage collector had to carry from place to place.
 */
export function openTraceMemory(limits = MEMORY): TraceMemory {
  let fresh = new Map<string, Kept>()
  let old: typeof fresh = new Map()
  let spans = 0
  const find = (key: string) => fresh.get(key) ?? old.get(key)
  return {
    writer: Math.floor(Math.random() * 2 ** 31),
    get(key) {
      const kept = find(key)
      return kept && 'numbers' in kept ? traceOf(unpackSpans(kept)) : kept
    },
    put(key, trace) {
      const before = fresh.get(key)
      const isGrowing = before !== undefined || old.has(key)
      fresh.set(key, isGrowing || trace === FULL ? trace : packSpans(trace.spans))
      spans += trace.spans.length - (before === undefined ? 0 : spansIn(before))
      if (spans <= limits.spansMax / 2 && fresh.size <= limits.spansMax / 2) return
      old = fresh
      fresh = new Map()
      spans = 0
    },
    clear() {
      fresh = new Map()
      old = new Map()
      spans = 0
    },
  }
}

function spansIn(kept: Kept): number {
  return 'numbers' in kept ? kept.classes.length : kept.spans.length
}

/** Of a trace that has all it may: nothing is counted and nothing taken back. */
export const FULL: KnownTrace = { spans: [], calls: [] }

export const traceOf = (spans: readonly CallSpan[]): KnownTrace => ({ spans, calls: callsOfTrace(spans) })

/** The trace with further spans; the very same object when none of them is new, or when it has all it may. */
export function extendTrace(trace: KnownTrace, added: readonly CallSpan[], limits = MEMORY): KnownTrace {
  if (trace === FULL || trace.spans.length + added.length > limits.traceSpansMax) return trace
  if (trace.spans.length === 0 && new Set(added.map((span) => span.spanId)).size === added.length) return traceOf(added) // nearly all, and for a fraction
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
