// Spans in their own bytes, many to a block, compressed together: neighbours of one trace share most of what they say.
import { constants, zstdCompressSync } from 'node:zlib'
import { ByteWriter } from '#server/otlp/writer.ts'
import type { ServiceRef } from '../rollup/call-span.ts'
import type { SpanRow } from './row.ts'

/** Uncompressed; a reader of one trace unpacks little more than that trace. */
const BLOCK_BYTES = 64 * 1024
const DAY_US = 86_400e6

export interface Block {
  id: bigint
  dayUs: number
  bytes: Buffer
}

/** Numbers of a span's resource, scope and sender in the dictionaries. */
export interface SpanIds {
  resource: number
  scope: number
  sender: number
  service: ServiceRef
  operation: number
}

export interface Placed {
  span: SpanRow
  ids: SpanIds
  block: bigint
  at: number
}

/** Puts spans into blocks by day and trace, and says where each is. */
export function packBlocks(spans: readonly SpanRow[], ids: readonly SpanIds[]): { blocks: Block[]; placed: Placed[] } {
  const order = spans.map((span, index) => ({ span, ids: ids[index]!, dayUs: Math.floor(span.timeUs / DAY_US) * DAY_US })) // one entry a span
  order.sort((a, b) => a.dayUs - b.dayUs || a.span.traceId.compare(b.span.traceId))
  const blocks: Block[] = []
  const placed: Placed[] = []
  const writer = new ByteWriter(BLOCK_BYTES * 2)
  let open: { id: bigint; dayUs: number } | null = null
  const close = () => {
    if (open) blocks.push({ ...open, bytes: compress(writer.done()) })
    open = null
    writer.reset()
  }
  for (const { span, ids: numbers, dayUs } of order) {
    if (open && (open.dayUs !== dayUs || writer.length + span.bytes.length > BLOCK_BYTES)) close()
    open ??= { id: nextBlockId(), dayUs }
    placed.push({ span, ids: numbers, block: open.id, at: writer.length })
    writer.varint(numbers.resource)
    writer.varint(numbers.scope)
    writer.varint(numbers.sender)
    writer.varint(span.bytes.length)
    writer.raw(span.bytes)
  }
  close()
  return { blocks, placed }
}

function compress(bytes: Buffer): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
}

// Ids rise with time, so that the index grows at its end: milliseconds, ten bits of this process, a counter of twelve.
const processBits = BigInt(Math.floor(Math.random() * 1024))
let last = 0n
function nextBlockId(): bigint {
  const now = (BigInt(Date.now() - 1_700_000_000_000) << 22n) | (processBits << 12n)
  last = now > last ? now : last + 1n
  return last
}
