// A batch of spans in one transaction: rows, their bytes, and what their calls add to the graph.
import { inTransaction } from '#server/db/pool.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { withDays } from '../days.ts'
import type { CallSpan } from '../rollup/call-span.ts'
import { countCalls, type TraceBatch } from '../rollup/count-calls.ts'
import { addDeltas, prepareDeltas, type EdgeStore } from '../rollup/edge-deltas.ts'
import { traceKey } from '../rollup/stored-traces.ts'
import type { TraceMemory } from '../rollup/trace-memory.ts'
import { takeTurn } from '../rollup/turn.ts'
import { packBlocks, type Block, type Placed, type SpanIds } from './block.ts'
import { beginCopy, copyBytes, copyInt16, copyInt32, copyInt64, copyNull, copyText, copyTime, endCopy, sendCopy } from './copy.ts'
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

async function write(store: SpanStore, spans: readonly SpanRow[]): Promise<void> {
  const { pool, dictionary, memory } = store
  const ids = await dictionary.idsOf(spans)
  const { blocks, placed } = packBlocks(spans, ids)
  const fresh = byTrace(spans, ids)
  try {
    const counted = await inTransaction(pool, async (client) => {
      const trusted = await takeTurn(client)
      const calls = await countCalls(client, fresh, memory, trusted)
      await sendCopy(client, SPAN_COLUMNS, copySpans(placed))
      await sendCopy(client, 'telemetry.span_block (day, id, bytes)', copyBlocks(blocks))
      const content = placed.filter(({ span }) => span.content !== null)
      if (content.length > 0) await sendCopy(client, 'telemetry.span_content (time, trace_id, span_id, service_id, bytes)', copyContent(content))
      await addDeltas(client, await prepareDeltas(store, calls.changes))
      return calls
    })
    if (!counted.trusted) memory.clear()
    for (const [key, trace] of counted.traces) memory.put(key, trace)
  } catch (error) {
    memory.clear() // it may have been committed all the same
    throw error
  }
}

function byTrace(spans: readonly SpanRow[], ids: readonly SpanIds[]): Map<string, TraceBatch> {
  const traces = new Map<string, TraceBatch>()
  spans.forEach((span, index) => {
    const { mesh } = span.group.sender
    const key = traceKey(mesh, span.traceId)
    let trace = traces.get(key)
    if (!trace) traces.set(key, (trace = { traceId: span.traceId.toString('hex'), mesh, spans: [] }))
    trace.spans.push(callSpanOf(span, ids[index]!)) // one entry a span
  })
  return traces
}

function callSpanOf(span: SpanRow, { service }: SpanIds): CallSpan {
  return {
    spanId: span.spanId.toString('latin1'),
    parentId: span.parentId?.toString('latin1') ?? null,
    service,
    timeUs: span.timeUs,
    durationUs: span.durationUs,
    flags: span.flags,
    kind: span.kind,
    protocol: span.protocol,
    peer: span.peer,
    bytesSent: span.bytesSent,
    bytesReceived: span.bytesReceived,
    genAi: span.genAi,
  }
}

const SPAN_COLUMNS = `telemetry.span (time, trace_id, span_id, parent_id, duration_us, block_id, block_at, service_id, operation_id, flags, kind, status,
  protocol, http_status, input_tokens, output_tokens, bytes_sent, bytes_received, peer, gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool, gen_ai_conversation)`
const SPAN_FIELDS = 24

function copySpans(placed: readonly Placed[]): Buffer {
  const writer = new ByteWriter(placed.length * 224 + 64)
  beginCopy(writer)
  const id = Buffer.alloc(8)
  for (const { span, ids, block, at } of placed) {
    writer.int16be(SPAN_FIELDS)
    copyTime(writer, span.timeUs)
    copyBytes(writer, span.traceId)
    copyBytes(writer, span.spanId)
    if (span.parentId === null) copyNull(writer)
    else copyBytes(writer, span.parentId)
    copyInt64(writer, span.durationUs)
    id.writeBigInt64BE(block)
    copyBytes(writer, id)
    copyInt32(writer, at)
    copyInt32(writer, ids.service.id)
    copyInt32(writer, ids.operation)
    copyInt16(writer, span.flags)
    copyInt16(writer, span.kind)
    copyInt16(writer, span.status)
    copyInt16(writer, span.protocol)
    copyInt16(writer, span.httpStatus)
    copyInt32(writer, span.genAi?.inputTokens ?? null)
    copyInt32(writer, span.genAi?.outputTokens ?? null)
    copyInt64(writer, span.bytesSent)
    copyInt64(writer, span.bytesReceived)
    copyText(writer, span.peer)
    copyText(writer, span.genAi?.operation ?? null)
    copyText(writer, span.genAi?.agent ?? null)
    copyText(writer, span.genAi?.model ?? null)
    copyText(writer, span.genAi?.tool ?? null)
    copyText(writer, span.genAi?.conversation ?? null)
  }
  endCopy(writer)
  return writer.done()
}

function copyBlocks(blocks: readonly Block[]): Buffer {
  const writer = new ByteWriter(blocks.reduce((sum, block) => sum + block.bytes.length + 64, 64))
  beginCopy(writer)
  const id = Buffer.alloc(8)
  for (const block of blocks) {
    writer.int16be(3)
    copyTime(writer, block.dayUs)
    id.writeBigInt64BE(block.id)
    copyBytes(writer, id)
    copyBytes(writer, block.bytes)
  }
  endCopy(writer)
  return writer.done()
}

function copyContent(placed: readonly Placed[]): Buffer {
  const writer = new ByteWriter(4096)
  beginCopy(writer)
  for (const { span, ids } of placed) {
    writer.int16be(5)
    copyTime(writer, span.timeUs)
    copyBytes(writer, span.traceId)
    copyBytes(writer, span.spanId)
    copyInt32(writer, ids.service.id)
    copyBytes(writer, span.content!) // callers keep those that have some
  }
  endCopy(writer)
  return writer.done()
}
