// OTLP over gRPC, on HTTP/2 as it comes: a gRPC library takes whole messages of anybody into memory before its handler hears of them.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import { constants, createSecureServer, createServer, type Http2Server, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { MeshError } from '#server/contracts/errors.ts'
import type { TlsFiles } from '#server/run/tls.ts'
import type { Senders } from '../senders.ts'
import { readGrpcMessage } from './body.ts'
import { receive, responseProtobuf, type Receiver, type Signal } from './receive.ts'
import { refusalOf, statusProtobuf } from './status.ts'

/** What nobody has read yet is bounded by the window of a connection, 64 KiB; what was read, by the budget of `body.ts`. */
const LIMITS = { connections: 4096, streamsPerConnection: 32, headerBytes: 16_384, messageMs: 10_000, idleMs: 300_000, closingMs: 3000 }
const UNIMPLEMENTED = 12
const COLLECTOR = '/opentelemetry.proto.collector'
const PATHS: Record<string, Signal> = {
  [`${COLLECTOR}.trace.v1.TraceService/Export`]: 'traces',
  [`${COLLECTOR}.metrics.v1.MetricsService/Export`]: 'metrics',
  [`${COLLECTOR}.logs.v1.LogsService/Export`]: 'logs',
}
const HEADERS = { ':status': 200, 'content-type': 'application/grpc', 'grpc-accept-encoding': 'identity,gzip' }

export interface OtlpGrpcOptions {
  receiver: Receiver
  senders: Senders
  bind: string
  tls: TlsFiles | null
  port: number
}

/** Listens when it resolves. */
export async function startOtlpGrpc(options: OtlpGrpcOptions): Promise<AsyncDisposable & { port: number }> {
  const settings = { maxConcurrentStreams: LIMITS.streamsPerConnection, maxHeaderListSize: LIMITS.headerBytes }
  const server = options.tls ? createSecureServer({ settings, ...options.tls }) : createServer({ settings })
  server.maxConnections = LIMITS.connections
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void answer(stream, headers, options))
  const sessions = followSessions(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.bind, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port, // TCP
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const session of sessions) end(session)
      await closed
    },
  }
}

function followSessions(server: Http2Server): ReadonlySet<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.on('error', () => {}) // a sender that breaks off; its streams hear of it
    session.setTimeout(LIMITS.idleMs, () => end(session))
  })
  return sessions
}

/** Calls that are under way have some time to finish. */
function end(session: ServerHttp2Session): void {
  session.close()
  setTimeout(() => session.destroy(), LIMITS.closingMs).unref()
}

async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, { receiver, senders }: OtlpGrpcOptions): Promise<void> {
  stream.on('error', () => {}) // whoever asked is gone
  const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), LIMITS.messageMs)
  try {
    if (!headers['content-type']?.startsWith('application/grpc')) return stream.respond({ ':status': 415 }, { endStream: true })
    const signal = PATHS[headers[':path'] ?? '']
    if (signal === undefined) throw new Unimplemented('OTLP over gRPC has the Export methods of its trace, metrics and logs services')
    const sender = await senders.identify(headers.authorization ?? null)
    const message = await readGrpcMessage(stream, String(headers['grpc-encoding'] ?? 'identity'))
    clearTimeout(late)
    try {
      const partial = await receive(receiver, signal, 'protobuf', message.bytes, sender)
      send(stream, responseProtobuf(partial))
    } finally {
      message.release()
    }
  } catch (error) {
    refuse(stream, error, receiver)
  } finally {
    clearTimeout(late)
  }
}

class Unimplemented extends MeshError {
  constructor(message: string) {
    super('not_found', message)
  }
}

function send(stream: ServerHttp2Stream, message: Buffer): void {
  if (stream.destroyed || stream.closed) return
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.end(Buffer.concat([prefix, message]))
}

/** Trailers alone; the rest of a message is not worth reading. */
function refuse(stream: ServerHttp2Stream, error: unknown, receiver: Receiver): void {
  const refusal = refusalOf(error)
  receiver.counters.refuse(error instanceof MeshError ? error.code : 'internal')
  if (stream.destroyed || stream.closed || stream.headersSent) return
  const trailers: OutgoingHttpHeaders = {
    ...HEADERS,
    'grpc-status': String(error instanceof Unimplemented ? UNIMPLEMENTED : refusal.grpc),
    'grpc-message': encodeURIComponent(refusal.message),
    ...(refusal.retry ? { 'grpc-status-details-bin': statusProtobuf(refusal).toString('base64') } : {}),
  }
  stream.respond(trailers, { endStream: true })
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
}
