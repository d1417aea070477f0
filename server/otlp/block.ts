// A block of `telemetry.span_block`, read: spans in their own bytes, each behind the numbers of its resource, scope and sender.
import { promisify } from 'node:util'
import { zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { cursorOf, readLength, readVarint } from './wire.ts'

const BLOCK_BYTES_MAX = 96 * 1024 * 1024

export interface StoredSpan {
  resource: number
  scope: number
  sender: number
  bytes: Buffer
}

export function openBlock(compressed: Buffer): Buffer {
  return zstdDecompressSync(compressed, { maxOutputLength: BLOCK_BYTES_MAX })
}

const unpack = promisify(zstdDecompress)

/** The same beside the event loop, for who opens many. */
export function openBlockAside(compressed: Buffer): Promise<Buffer> {
  return unpack(compressed, { maxOutputLength: BLOCK_BYTES_MAX })
}

/** Every span of an open block with its place, in order. */
export function* spansOfBlock(block: Buffer): Generator<[at: number, span: StoredSpan]> {
  for (let at = 0; at < block.length; ) {
    const span = spanAt(block, at)
    yield [at, span]
    at = span.bytes.byteOffset - block.byteOffset + span.bytes.length
  }
}

export function spanAt(block: Buffer, at: number): StoredSpan {
  const cursor = cursorOf(block)
  cursor.at = at
  const resource = readVarint(cursor)
  const scope = readVarint(cursor)
  const sender = readVarint(cursor)
  const end = readLength(cursor)
  return { resource, scope, sender, bytes: block.subarray(cursor.at, end) }
}
