import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
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
/** Bodies unpacked at once: each may grow to its limit before it is known to be a bomb, and one thread unpacks more than one database takes. */
const INFLATING_MAX = 1
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
  return withinBudget(limits, async (hold) => {
    const raw = await collect(request, hold, limits.bytesMax)
    return encoding === 'identity' ? raw : inflate(raw, encoding, limits.bytesMax, hold)
  })
}

const PREFIX_BYTES = 5

/** The one message of a unary gRPC call, decompressed. Throws as `readBody` does. */
export async function readGrpcMessage(stream: Readable, encoding: string, limits = BODY): Promise<Body> {
  return withinBudget(limits, async (hold) => {
    const raw = await collect(stream, hold, limits.bytesMax + PREFIX_BYTES)
    if (raw.length < PREFIX_BYTES || raw.readUInt32BE(1) !== raw.length - PREFIX_BYTES) throw new MeshError('bad_request', 'a unary call has exactly one message')
    const message = raw.subarray(PREFIX_BYTES)
    if (raw[0] === 0) return message
    if (encoding !== 'gzip') throw new MeshError('unsupported_media_type', 'grpc-encoding is gzip or identity')
    return inflate(message, encoding, limits.bytesMax, hold)
  })
}

type Hold = (bytes: number) => void

/** What `read` holds counts until it is released; nothing does when it throws. */
async function withinBudget(limits: typeof BODY, read: (hold: Hold) => Promise<Buffer>): Promise<Body> {
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
    return { bytes: await read(hold), release }
  } catch (error) {
    release()
    throw error
  }
}

async function collect(request: Readable, hold: Hold, bytesMax: number): Promise<Buffer> {
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

async function inflate(raw: Buffer, encoding: keyof typeof DECODERS, bytesMax: number, hold: Hold): Promise<Buffer> {
  if (inflating >= INFLATING_MAX) await new Promise<void>((resolve) => waiting.push(resolve))
  inflating++
  try {
    const bytes = await DECODERS[encoding](raw, { maxOutputLength: bytesMax })
    hold(bytes.length)
    return bytes
  } catch (error) {
    if (error instanceof MeshError) throw error
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
