// A batch of spans in one transaction: rows, their bytes, and what their calls add to the graph.
import { inTransaction } from '#server/db/pool.ts'
import { latin1 } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { DAY_US, withDays } from '../days.ts'
import type { CallSpan } from '../rollup/call-span.ts'
import { countCalls, type TraceBatch } from '../rollup/count-calls.ts'
import { addDeltas, type EdgeStore } from '../rollup/edge-deltas.ts'
import { traceKey } from '../rollup/stored-traces.ts'
import type { TraceMemory } from '../rollup/trace-memory.ts'
import { takeTurn } from '../rollup/turn.ts'
import { BlockPacker, type Block } from './block.ts'
import { ABSENT, COLUMN, type Column, type SpanColumns } from './columns.ts'
import { beginCopy, copyBytes, copyInt32, copyNull, copySlice, copyTime, endCopy, sendCopy } from './copy.ts'
import { copyPart, PART_COLUMNS } from './copy-part.ts'
import type { Dictionary } from './dictionary.ts'
import { insertMinutes, type NewMinutes, type WrittenMinutes } from './minutes.ts'
import { partsOf } from './parts.ts'
import { byTrace } from './trace-order.ts'

export interface SpanStore extends EdgeStore {
  dictionary: Dictionary
  memory: TraceMemory
  minutes: WrittenMinutes
}

/** Lays the spans out. When the answer returns they are committed, and the graph has their calls: one commit at a time, for the memory follows them. */
export async function layOutSpans(store: SpanStore, requests: readonly SpanColumns[]): Promise<() => Promise<void>> {
  await store.dictionary.name(requests)
  const batch = layOut(requests, store.minutes)
  const days = daysOf(requests)
  return () => withDays(store.pool, days, () => commit(store, batch))
}

/** A moment of each day that has spans. */
function daysOf(requests: readonly SpanColumns[]): number[] {
  const days = new Map<number, number>()
  let last = -1
  for (const spans of requests) {
    for (let index = 0; index < spans.count; index++) {
      const day = Math.floor(spans.timeUs(index) / DAY_US)
      if (day !== last) days.set((last = day), spans.timeUs(index))
    }
  }
  return [...days.values()]
}

interface Batch {
  traces: Map<string, TraceBatch>
  parts: Buffer
  minutes: NewMinutes
  blocks: Buffer
  content: Buffer | null
}

async function commit(store: SpanStore, batch: Batch): Promise<void> {
  try {
    const counted = await inTransaction(store.pool, async (client) => {
      const trusted = await takeTurn(client, store.memory.writer)
      const calls = await countCalls(client, batch.traces, store.memory, trusted)
      await sendCopy(client, PART_COLUMNS, batch.parts)
      await insertMinutes(client, batch.minutes)
      await sendCopy(client, 'telemetry.span_block (day, id, oldest, newest, terms, bytes)', batch.blocks)
      if (batch.content) await sendCopy(client, 'telemetry.span_content (time, trace_id, span_id, service_id, bytes)', batch.content)
      await addDeltas(client, store, calls.changes)
      return calls
    })
    if (!counted.trusted) store.memory.clear()
    for (const [key, trace] of counted.traces) store.memory.put(key, trace)
    store.minutes.put(batch.minutes)
  } catch (error) {
    store.memory.clear() // it may have been committed all the same
    store.minutes.clear()
    throw error
  }
}

/** What a span adds to a row, roughly: 36 bytes of lengths, and its numbers. */
const SPAN_BYTES = 160

/** Trace by trace, so that neighbours in a block share what they say. */
function layOut(requests: readonly SpanColumns[], written: WrittenMinutes): Batch {
  const traces = new Map<string, TraceBatch>()
  const packer = new BlockPacker()
  const writer = new ByteWriter(requests.reduce((sum, spans) => sum + spans.count, 0) * SPAN_BYTES + 64)
  const content: [spans: SpanColumns, index: number][] = []
  const minutes: NewMinutes = new Map()
  beginCopy(writer)
  for (const places of byTrace(requests)) {
    const callSpans: CallSpan[] = []
    for (const part of partsOf(requests, places, packer)) {
      copyPart(writer, requests, part)
      written.note(minutes, requests, part)
    }
    for (let at = 0; at < places.length; at += 2) {
      const [spans, index] = [requests[places[at]!]!, places[at + 1]!] // pairs
      callSpans.push(callSpanOf(spans, index))
      if (spans.cuts.get(index)?.content) content.push([spans, index])
    }
    const first = requests[places[0]!]! // a trace has a span
    const mesh = first.groups[0]!.sender.mesh
    const traceAt = first.get(places[1]!, COLUMN.trace)
    traces.set(traceKey(mesh, first.source, traceAt), { mesh, traceId: first.source.subarray(traceAt, traceAt + 16), spans: callSpans })
  }
  endCopy(writer)
  packer.close()
  return { traces, parts: writer.done(), minutes, blocks: copyBlocks(packer.blocks), content: content.length === 0 ? null : copyContent(content) }
}

function callSpanOf(spans: SpanColumns, index: number): CallSpan {
  const { source } = spans
  const spanAt = spans.get(index, COLUMN.id)
  const parentAt = spans.get(index, COLUMN.parent)
  const counted = (column: Column) => Math.max(0, spans.get(index, column)) // nothing where it is absent
  return {
    spanId: latin1(source, spanAt, spanAt + 8),
    parentId: parentAt === ABSENT ? null : latin1(source, parentAt, parentAt + 8),
    class: spans.classes[index]!, // named before it is laid out
    timeUs: spans.timeUs(index),
    durationUs: spans.durationUs(index),
    flags: spans.get(index, COLUMN.flags),
    bytesSent: counted(COLUMN.bytesSent),
    bytesReceived: counted(COLUMN.bytesReceived),
    inputTokens: counted(COLUMN.inputTokens),
    outputTokens: counted(COLUMN.outputTokens),
  }
}

function copyBlocks(blocks: readonly Block[]): Buffer {
  const writer = new ByteWriter(blocks.reduce((sum, block) => sum + block.bytes.length + 64, 64))
  beginCopy(writer)
  for (const block of blocks) {
    writer.int16be(6)
    copyTime(writer, block.dayUs)
    copyBytes(writer, block.id)
    copyTime(writer, block.oldestUs)
    copyTime(writer, block.newestUs)
    if (block.terms) copyBytes(writer, block.terms)
    else copyNull(writer)
    copyBytes(writer, block.bytes)
  }
  endCopy(writer)
  return writer.done()
}

function copyContent(content: readonly [spans: SpanColumns, index: number][]): Buffer {
  const writer = new ByteWriter(4096)
  beginCopy(writer)
  for (const [spans, index] of content) {
    writer.int16be(5)
    copyTime(writer, spans.timeUs(index))
    copySlice(writer, spans.source, spans.get(index, COLUMN.trace), 16)
    copySlice(writer, spans.source, spans.get(index, COLUMN.id), 8)
    copyInt32(writer, spans.classes[index]!.service.id) // named before it is laid out
    copyBytes(writer, spans.cuts.get(index)!.content!) // callers keep those that have some
  }
  endCopy(writer)
  return writer.done()
}
