import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { MeshError } from '#server/contracts/errors.ts'
import { readBody, readGrpcMessage, type Body } from './body.ts'

const LIMITS = { bytesMax: 1000, allBytesMax: 2500 }
const bytes = (length: number) => Buffer.alloc(length, 'a')

async function* broken(): AsyncGenerator<Buffer> {
  yield bytes(5)
  throw new Error('the other side is gone')
}

/** Of a request there is nothing else that is read. */
const request = (chunks: Iterable<Buffer> | AsyncIterable<Buffer>, headers: IncomingHttpHeaders) => Object.assign(Readable.from(chunks), { headers }) as unknown as IncomingMessage
const read = (body: Buffer, headers: IncomingHttpHeaders = {}) => readBody(request([body], headers), LIMITS)

function framed(message: Buffer, { compressed = 0, declared = message.length } = {}): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = compressed
  prefix.writeUInt32BE(declared, 1)
  return Buffer.concat([prefix, message])
}
const readGrpc = (body: Buffer, encoding = 'identity') => readGrpcMessage(Readable.from([body]), encoding, LIMITS)

const codeOf = (reading: Promise<Body>) => reading.then((body) => body.release(), (error: unknown) => (error instanceof MeshError ? error.code : error))

test.each<[string, () => Promise<Body>, string]>([
  ['an encoding that we have not', () => read(bytes(5), { 'content-encoding': 'br' }), 'unsupported_media_type'],
  ['two encodings', () => read(bytes(5), { 'content-encoding': 'gzip, gzip' }), 'unsupported_media_type'],
  ['a length beyond the limit, whatever comes', () => read(bytes(5), { 'content-length': '1001' }), 'too_large'],
  ['more bytes than the limit, undeclared', () => read(bytes(1001)), 'too_large'],
  ['more than the limit after gzip', () => read(gzipSync(bytes(1001)), { 'content-encoding': 'gzip' }), 'too_large'],
  ['more than the limit after zstd', () => read(zstdCompressSync(bytes(1001)), { 'content-encoding': 'zstd' }), 'too_large'],
  ['gzip that is none', () => read(bytes(5), { 'content-encoding': 'gzip' }), 'bad_request'],
  ['gzip that is cut short', () => read(gzipSync(bytes(50)).subarray(0, -4), { 'content-encoding': 'gzip' }), 'bad_request'],
  ['zstd that is none', () => read(bytes(5), { 'content-encoding': 'zstd' }), 'bad_request'],
  ['a body that breaks off', () => readBody(request(broken(), {}), LIMITS), 'bad_request'],
  ['gRPC: no message', () => readGrpc(bytes(4)), 'bad_request'],
  ['gRPC: a message that is cut short', () => readGrpc(framed(bytes(5), { declared: 6 })), 'bad_request'],
  ['gRPC: two messages', () => readGrpc(Buffer.concat([framed(bytes(5)), framed(bytes(5))])), 'bad_request'],
  ['gRPC: compressed by what nobody named', () => readGrpc(framed(gzipSync(bytes(5)), { compressed: 1 })), 'unsupported_media_type'],
  ['gRPC: compressed by what we have not', () => readGrpc(framed(gzipSync(bytes(5)), { compressed: 1 }), 'deflate'), 'unsupported_media_type'],
  ['gRPC: gzip that is none', () => readGrpc(framed(bytes(5), { compressed: 1 }), 'gzip'), 'bad_request'],
  ['gRPC: more than the limit', () => readGrpc(framed(bytes(1001))), 'too_large'],
  ['gRPC: more than the limit after gzip', () => readGrpc(framed(gzipSync(bytes(1001)), { compressed: 1 }), 'gzip'), 'too_large'],
])('%s is refused', async (_name, reading, code) => {
  expect(await codeOf(reading())).toBe(code)
})

test.each<[string, () => Promise<Body>]>([
  ['as it is', () => read(bytes(1000))],
  ['gzip', () => read(gzipSync(bytes(1000)), { 'content-encoding': ' GZIP' })],
  ['zstd', () => read(zstdCompressSync(bytes(1000)), { 'content-encoding': 'zstd' })],
  ['gRPC', () => readGrpc(framed(bytes(1000)))],
  ['gRPC with gzip', () => readGrpc(framed(gzipSync(bytes(1000)), { compressed: 1 }), 'gzip')],
])('a body of the very limit is taken: %s', async (_name, reading) => {
  const body = await reading()
  expect(body.bytes.equals(bytes(1000))).toBe(true)
  body.release()
})

test('all bodies together have a budget, which refused ones give back', async () => {
  for (let times = 0; times < 4; times++) await codeOf(read(bytes(1001)))
  const held = [await read(bytes(1000)), await read(bytes(1000))]
  expect(await codeOf(read(bytes(600)))).toBe('unavailable')
  expect(await codeOf(read(gzipSync(bytes(600)), { 'content-encoding': 'gzip' }))).toBe('unavailable')
  expect(await codeOf(readGrpc(framed(gzipSync(bytes(600)), { compressed: 1 }), 'gzip'))).toBe('unavailable')
  expect(await codeOf(read(bytes(500)))).toBe(undefined)
  for (const body of held) body.release()
  expect(await codeOf(read(bytes(1000)))).toBe(undefined)
})
