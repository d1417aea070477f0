// OTLP over HTTP. https://opentelemetry.io/docs/specs/otlp/#otlphttp
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { MeshError } from '#server/contracts/errors.ts'
import type { TlsFiles } from '#server/run/tls.ts'
import type { Senders } from '../senders.ts'
import { readBody } from './body.ts'
import { receive, responseJson, responseProtobuf, type Encoding, type Receiver, type Signal } from './receive.ts'
import { refusalOf, RETRY_AFTER_S, statusJson, statusProtobuf } from './status.ts'

const DEADLINES = { headersMs: 5000, requestMs: 10_000, checkMs: 500 }
const CONNECTIONS_MAX = 4096
const PATHS: Record<string, Signal> = { '/v1/traces': 'traces', '/v1/metrics': 'metrics', '/v1/logs': 'logs' }
const TYPES: Record<string, Encoding> = { 'application/x-protobuf': 'protobuf', 'application/json': 'json' }

export interface OtlpHttpOptions {
  receiver: Receiver
  senders: Senders
  bind: string
  tls: TlsFiles | null
  port: number
  /** Origins besides loopback whose pages may send telemetry. */
  origins: readonly string[]
}

/** Listens when it resolves. */
export async function startOtlpHttp(options: OtlpHttpOptions): Promise<AsyncDisposable & { port: number }> {
  const limits = { headersTimeout: DEADLINES.headersMs, requestTimeout: DEADLINES.requestMs, connectionsCheckingInterval: DEADLINES.checkMs, maxHeaderSize: 16_384 }
  const take = (request: IncomingMessage, response: ServerResponse) => void answer(request, response, options)
  const server = options.tls ? createTlsServer({ ...limits, ...options.tls }, take) : createServer(limits, take)
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.bind, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    async [Symbol.asyncDispose]() {
      await close(server)
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: OtlpHttpOptions): Promise<void> {
  let encoding: Encoding = 'json'
  try {
    allowOrigin(request, response, options.origins)
    if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    const signal = PATHS[(request.url ?? '').split('?', 1)[0]!] // split always gives a first part
    encoding = TYPES[mediaType(request)] ?? 'json'
    if (signal === undefined) throw new MeshError('not_found', 'OTLP is at POST /v1/traces, /v1/metrics and /v1/logs')
    if (request.method !== 'POST') throw new NotPost()
    if (TYPES[mediaType(request)] === undefined) throw new MeshError('unsupported_media_type', 'send application/x-protobuf or application/json')
    const sender = await options.senders.identify(request.headers.authorization ?? null)
    const body = await readBody(request)
    try {
      const partial = await receive(options.receiver, signal, encoding, body.bytes, sender)
      send(response, 200, encoding, encoding === 'json' ? responseJson(signal, partial) : responseProtobuf(partial))
    } finally {
      body.release()
    }
  } catch (error) {
    refuse(request, response, encoding, error, options.receiver)
  }
}

class NotPost extends MeshError {
  constructor() {
    super('bad_request', 'OTLP takes POST')
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, encoding: Encoding, error: unknown, receiver: Receiver): void {
  const refusal = refusalOf(error)
  receiver.counters.refuse(error instanceof MeshError ? error.code : 'internal')
  if (response.headersSent || response.destroyed) return
  if (refusal.retry) response.setHeader('retry-after', RETRY_AFTER_S)
  if (error instanceof NotPost) response.setHeader('allow', 'POST')
  if (!request.complete) response.setHeader('connection', 'close') // the rest of the body is not worth reading
  send(response, error instanceof NotPost ? 405 : refusal.http, encoding, encoding === 'json' ? statusJson(refusal) : statusProtobuf(refusal))
  if (!request.complete) response.once('finish', () => setTimeout(() => request.destroy(), 200).unref())
}

function send(response: ServerResponse, status: number, encoding: Encoding, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf', 'content-length': Buffer.byteLength(body) }).end(body)
}

function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase() // split always gives a first part
}

/** Browser SDKs on this machine or the console's own origin; any other page cannot even ask. */
function allowOrigin(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): void {
  const { origin } = request.headers
  if (origin === undefined) return
  if (!/^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin) && !origins.includes(origin)) throw new MeshError('forbidden', 'pages of this origin may not send telemetry')
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'origin')
  response.setHeader('access-control-allow-methods', 'POST')
  response.setHeader('access-control-allow-headers', 'content-type, content-encoding, authorization')
  response.setHeader('access-control-max-age', '3600')
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), 3000)
  await closed
  clearTimeout(late)
}
