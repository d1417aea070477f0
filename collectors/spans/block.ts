// Spans in their own bytes, many to a block, compressed together: neighbours of one trace share most of what they say.
import { constants, zstdCompressSync } from 'node:zlib'
import { ByteWriter } from '#server/otlp/writer.ts'
import type { SpanRow } from './row.ts'

/** Uncompressed; a reader of one trace unpacks little more than that trace. */
const BLOCK_BYTES = 128 * 1024
const DAY_US = 86_400e6

export interface Block {
  /** As eight bytes, big-endian. */
  id: Buffer
  dayUs: number
  bytes: Buffer
}

/** Takes spans in the order of their traces; `id` and the answer of `add` say where the last one is. */
export class BlockPacker {
  readonly blocks: Block[] = []
  readonly #writer = new ByteWriter(BLOCK_BYTES * 2)
  #dayUs = -1
  id: Buffer = Buffer.alloc(8)

  add(span: SpanRow): number {
    const dayUs = Math.floor(span.timeUs / DAY_US) * DAY_US
    const length = span.keptTo - span.keptFrom
    const writer = this.#writer
    if (writer.length > 0 && (this.#dayUs !== dayUs || writer.length + length > BLOCK_BYTES)) this.close()
    if (writer.length === 0) {
      this.id = nextBlockId()
      this.#dayUs = dayUs
    }
    const at = writer.length
    const ids = span.ids! // named before it is packed
    writer.varint(ids.resource)
    writer.varint(ids.scope)
    writer.varint(ids.sender)
    writer.varint(length)
    writer.slice(span.kept, span.keptFrom, span.keptTo)
    return at
  }

  close(): void {
    if (this.#writer.length > 0) this.blocks.push({ id: this.id, dayUs: this.#dayUs, bytes: compress(this.#writer.done()) })
    this.#writer.reset()
  }
}

function compress(bytes: Buffer): Buffer {
  return zstdCompressSync(bytes, COMPRESSION)
}

// Level 1 gives 42.0 bytes a span for 0.8 CPU seconds a million, level 3 gives 42.2 for 1.3.
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

// Ids rise with time, so that the index grows at its end: milliseconds, ten bits of this process, a counter of twelve.
const processBits = BigInt(Math.floor(Math.random() * 1024))
let last = 0n
function nextBlockId(): Buffer {
  const now = (BigInt(Date.now() - 1_700_000_000_000) << 22n) | (processBits << 12n)
  last = now > last ? now : last + 1n
  const id = Buffer.alloc(8)
  id.writeBigInt64BE(last)
  return id
}
