// The spans of a trace, in the parts that become rows: fewer rows and index entries than spans. docs/decisions/0007-telemetry-storage.md
import type { BlockPacker } from './block.ts'
import type { SpanColumns } from './columns.ts'
import type { TraceSpans } from './trace-order.ts'

export const PART = {
  /** Four rows to a page, and beneath what PostgreSQL compresses or moves elsewhere. */
  spansMax: 24,
  /** Whoever searches by time looks this much further for the parts that have it. */
  widthUs: 60e6,
}

/** Spans of one trace, block and conversation. */
export interface SpanPart {
  /** Eight bytes. */
  block: DataView
  conversation: string | null
  oldestUs: number
  newestUs: number
  /** Three numbers a span: its request's place, its own in it, and its place in the block. */
  places: number[]
}

/** Packs the spans of a trace into blocks, and answers what parts they make. */
export function partsOf(requests: readonly SpanColumns[], trace: TraceSpans, packer: BlockPacker): SpanPart[] {
  const parts: SpanPart[] = []
  let part: SpanPart | null = null
  for (let at = 0; at < trace.length; at += 2) {
    const [request, index] = [trace[at]!, trace[at + 1]!] // pairs
    const spans = requests[request]!
    const blockAt = packer.add(spans, index)
    const timeUs = spans.timeUs(index)
    const conversation = spans.conversations.get(index) ?? null
    if (part === null || !takes(part, packer.idView, conversation, timeUs)) part = openPart(parts, packer.idView, conversation, timeUs)
    part.oldestUs = Math.min(part.oldestUs, timeUs)
    part.newestUs = Math.max(part.newestUs, timeUs)
    part.places.push(request, index, blockAt)
  }
  return parts
}

/** One of these that takes the span, else a new one. */
function openPart(parts: SpanPart[], block: DataView, conversation: string | null, timeUs: number): SpanPart {
  const open = parts.findLast((each) => takes(each, block, conversation, timeUs))
  if (open) return open
  const part = { block, conversation, oldestUs: timeUs, newestUs: timeUs, places: [] }
  parts.push(part)
  return part
}

function takes(part: SpanPart, block: DataView, conversation: string | null, timeUs: number): boolean {
  return part.block === block && part.conversation === conversation && part.places.length < PART.spansMax * 3 &&
    Math.max(part.newestUs, timeUs) - Math.min(part.oldestUs, timeUs) < PART.widthUs
}
