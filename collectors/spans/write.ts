// A batch of spans in one transaction: rows, their bytes, and what their calls add to the graph.
import { inTransaction } from '#server/db/pool.ts'
import { latin1 } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { withDays } from '../days.ts'
import type { CallSpan } from '../rollup/call-span.ts'
import { countCalls, type TraceBatch } from '../rollup/count-calls.ts'
import { addDeltas, type EdgeStore } from '../rollup/edge-deltas.ts'
import { traceKey } from '../rollup/stored-traces.ts'
import type { TraceMemory } from '../rollup/trace-memory.ts'
import { takeTurn } from '../rollup/turn.ts'
import { BlockPacker, type Block } from './block.ts'
import { beginCopy, copyBytes, copyInt32, copySlice, copyTime, endCopy, sendCopy } from './copy.ts'
import { copySpan, SPAN_COLUMNS } from './copy-span.ts'
import type { Dictionary } from './dictionary.ts'
import type { SpanRow } from './row.ts'

export interface SpanStore extends EdgeStore {
  dictionary: Dictionary
  memory: TraceMemory
}

/** When this returns the spans are committed, and the graph has their calls. One call at a time: the memory follows the commits. */
export async function writeSpans(store: SpanStore, spans: readonly SpanRow[]): Promise<void> {
  await withDays(store.pool, spans.map((span) => span.timeUs), () => write(store, spans))
}

interface Batch {
  traces: Map<string, TraceBatch>
  spans: Buffer
  blocks: Buffer
  content: Buffer | null
}

async function write(store: SpanStore, spans: readonly SpanRow[]): Promise<void> {
  await store.dictionary.name(spans)
  const batch = layOut(spans)
  try {
    const counted = await inTransaction(store.pool, async (client) => {
      const trusted = await takeTurn(client, store.memory.writer)
      const calls = await countCalls(client, batch.traces, store.memory, trusted)
      await sendCopy(client, SPAN_COLUMNS, batch.spans)
      await sendCopy(client, 'telemetry.span_block (day, id, bytes)', batch.blocks)
      if (batch.content) await sendCopy(client, 'telemetry.span_content (time, trace_id, span_id, service_id, bytes)', batch.content)
      await addDeltas(client, store, calls.changes)
      return calls
    })
    if (!counted.trusted) store.memory.clear()
    for (const [key, trace] of counted.traces) store.memory.put(key, trace)
  } catch (error) {
    store.memory.clear() // it may have been committed all the same
    throw error
  }
}

const ROW_BYTES = 160

/** Trace by trace, so that neighbours in a block share what they say. */
function layOut(spans: readonly SpanRow[]): Batch {
  const rowsOf = new Map<string, SpanRow[]>()
  for (const span of spans) {
    const key = traceKey(span.group.sender.mesh, span.source, span.traceAt)
    const rows = rowsOf.get(key)
    if (rows) rows.push(span)
    else rowsOf.set(key, [span])
  }
  const traces = new Map<string, TraceBatch>()
  const packer = new BlockPacker()
  const writer = new ByteWriter(spans.length * ROW_BYTES + 64)
  const content: SpanRow[] = []
  beginCopy(writer)
  for (const [key, rows] of rowsOf) {
    const [first] = rows
    traces.set(key, { traceId: first!.source.toString('hex', first!.traceAt, first!.traceAt + 16), mesh: first!.group.sender.mesh, spans: rows.map(callSpanOf) }) // a trace is there for its spans
    for (const span of rows) {
      const at = packer.add(span)
      copySpan(writer, span, packer.id, at)
      if (span.content !== null) content.push(span)
    }
  }
  endCopy(writer)
  packer.close()
  return { traces, spans: writer.done(), blocks: copyBlocks(packer.blocks), content: content.length === 0 ? null : copyContent(content) }
}

function callSpanOf(span: SpanRow): CallSpan {
  const { source, spanAt, parentAt } = span
  return {
    spanId: latin1(source, spanAt, spanAt + 8),
    parentId: parentAt < 0 ? null : latin1(source, parentAt, parentAt + 8),
    class: span.class!, // named before it is laid out
    timeUs: span.timeUs,
    durationUs: span.durationUs,
    flags: span.flags,
    bytesSent: span.bytesSent ?? 0,
    bytesReceived: span.bytesReceived ?? 0,
    inputTokens: span.inputTokens ?? 0,
    outputTokens: span.outputTokens ?? 0,
  }
}

function copyBlocks(blocks: readonly Block[]): Buffer {
  const writer = new ByteWriter(blocks.reduce((sum, block) => sum + block.bytes.length + 64, 64))
  beginCopy(writer)
  for (const block of blocks) {
    writer.int16be(3)
    copyTime(writer, block.dayUs)
    copyBytes(writer, block.id)
    copyBytes(writer, block.bytes)
  }
  endCopy(writer)
  return writer.done()
}

function copyContent(spans: readonly SpanRow[]): Buffer {
  const writer = new ByteWriter(4096)
  beginCopy(writer)
  for (const span of spans) {
    writer.int16be(5)
    copyTime(writer, span.timeUs)
    copySlice(writer, span.source, span.traceAt, 16)
    copySlice(writer, span.source, span.spanAt, 8)
    copyInt32(writer, span.class!.service.id) // named before it is laid out
    copyBytes(writer, span.content!) // callers keep those that have some
  }
  endCopy(writer)
  return writer.done()
}
