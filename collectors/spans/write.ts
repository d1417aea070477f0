// A batch of spans in one transaction: rows, their bytes, and the note that their traces have something new to count.
import { inTransaction, type Pool, type PoolClient } from '#server/db/pool.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { ensureDays } from '../days.ts'
import { packBlocks, type Block, type Placed } from './block.ts'
import { beginCopy, copyBytes, copyInt16, copyInt32, copyInt64, copyNull, copyText, copyTime, endCopy, sendCopy } from './copy.ts'
import type { Dictionary } from './dictionary.ts'
import type { SpanRow } from './row.ts'

/** How long a trace rests before its calls are counted: most of it has come by then. */
const RECKON_DELAY_MS = 700

export interface SpanStore {
  pool: Pool
  dictionary: Dictionary
}

/** When this returns the spans are committed. */
export async function writeSpans({ pool, dictionary }: SpanStore, spans: readonly SpanRow[]): Promise<void> {
  const ids = await dictionary.idsOf(spans)
  await ensureDays(pool, spans.map((span) => span.timeUs))
  const { blocks, placed } = packBlocks(spans, ids)
  await inTransaction(pool, async (client) => {
    await sendCopy(client, SPAN_COLUMNS, copySpans(placed))
    await sendCopy(client, 'telemetry.span_block (day, id, bytes)', copyBlocks(blocks))
    const content = placed.filter(({ span }) => span.content !== null)
    if (content.length > 0) await sendCopy(client, 'telemetry.span_content (time, trace_id, span_id, service_id, bytes)', copyContent(content))
    await noteTraces(client, spans)
  })
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
    copyInt32(writer, ids.service)
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
    copyInt32(writer, ids.service)
    copyBytes(writer, span.content!) // callers keep those that have some
  }
  endCopy(writer)
  return writer.done()
}

/** Ordered by id, so that two collectors never wait for each other in a circle. */
async function noteTraces(client: PoolClient, spans: readonly SpanRow[]): Promise<void> {
  const counts = new Map<string, { mesh: string; id: string; spans: number }>()
  for (const { group, traceId } of spans) {
    const id = traceId.toString('hex')
    const key = `${group.sender.mesh} ${id}`
    const entry = counts.get(key)
    if (entry) entry.spans++
    else counts.set(key, { mesh: group.sender.mesh, id, spans: 1 })
  }
  const traces = [...counts.values()]
  await client.query(
    `insert into telemetry.trace as known (mesh, trace_id, spans, reckon_at)
     select mesh, id, spans, now() + $4 * interval '1 millisecond'
     from unnest($1::text[], $2::uuid[], $3::integer[]) as batch (mesh, id, spans) order by mesh, id
     on conflict (mesh, trace_id) do update set spans = known.spans + excluded.spans, touched_at = now(),
       reckon_at = least(known.reckon_at, now() + least(known.spans, 20000) * interval '0.5 millisecond' + $4 * interval '1 millisecond')`,
    [traces.map((trace) => trace.mesh), traces.map((trace) => trace.id), traces.map((trace) => trace.spans), RECKON_DELAY_MS],
  )
}
