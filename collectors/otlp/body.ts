import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { MeshError } from '#server/contracts/errors.ts'

export const BODY = {
  /** Before and after decompression: the size that the OTLP specification recommends. */
  bytesMax: 64 * 1024 * 1024,
  /** Bodies being read or waiting for their commit, together; what would go beyond is told to come again. */
  allBytesMax: 192 * 1024 * 1024,
}

const DECODERS = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }
/** Bodies unpacked at once: each may grow to its limit before it is known to be a bomb. */
const INFLATING_MAX = 2
let inflating = 0
const waiting: (() => void)[] = []
let held = 0

export interface Body {
  bytes: Buffer
  /** Gives its memory back to the budget. */
  release(): void
}

/** The body, decompressed. Throws `too_large`, `unavailable` when the budget is spent, `bad_request` for gzip or zstd that is none. */
export async function readBody(request: IncomingMessage, limits = BODY): Promise<Body> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding !== 'gzip' && encoding !== 'zstd' && encoding !== 'identity') throw new MeshError('unsupported_media_type', 'content-encoding is gzip, zstd or identity')
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limits.bytesMax) throw tooLarge(limits.bytesMax)
  let reserved = 0
  const hold = (bytes: number) => {
    if (held + bytes > limits.allBytesMax) throw new MeshError('unavailable', 'the collector holds as much as it may; send it again')
    held += bytes
    reserved += bytes
  }
  const release = () => {
    held -= reserved
    reserved = 0
  }
  try {
    const raw = await collect(request, hold, limits.bytesMax)
    if (encoding === 'identity') return { bytes: raw, release }
    const bytes = await inflate(raw, encoding, limits.bytesMax)
    hold(bytes.length)
    return { bytes, release }
  } catch (error) {
    release()
    throw error
  }
}

async function collect(request: IncomingMessage, hold: (bytes: number) => void, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > bytesMax) throw tooLarge(bytesMax)
      hold(chunk.length)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof MeshError) throw error
    throw new MeshError('bad_request', 'the body ended early', { cause: error })
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)
}

async function inflate(raw: Buffer, encoding: keyof typeof DECODERS, bytesMax: number): Promise<Buffer> {
  if (inflating >= INFLATING_MAX) await new Promise<void>((resolve) => waiting.push(resolve))
  inflating++
  try {
    return await DECODERS[encoding](raw, { maxOutputLength: bytesMax })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax)
    throw new MeshError('bad_request', `the body is not valid ${encoding}`, { cause: error })
  } finally {
    inflating--
    waiting.shift()?.()
  }
}

function tooLarge(bytesMax: number): MeshError {
  return new MeshError('too_large', `a request has at most ${bytesMax} bytes, also after decompression`)
}
