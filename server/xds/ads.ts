// ADS over gRPC: who is on the stream, and its bytes in and out. Everything it decides is session.ts's and world.ts's.
import { constants, type Http2Stream } from 'node:http2'
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js'
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js'
import { FAILURES, MeshError, messageOf } from '../contracts/errors.ts'
import type { Session } from './session.ts'
import { ADS_METHODS, decodeRequest, encodeResponse, type AdsResponse, type NodeInfo, type Variant } from './wire.ts'

/** Who shook hands. `proxyId` is what the certificate says, where it says one. */
export interface StreamPeer {
  spiffeId: string
  serial: string
  notAfter: Date
  proxyId?: string
}

export interface AdsOptions<P extends StreamPeer = StreamPeer> {
  /** Throws a MeshError for a client that may not have a stream. */
  authenticate(call: { getAuthContext(): AuthContext }): P
  /** Calls `end` when the peer's certificate stops being good; answers the way to stop watching. */
  untilInvalid?(peer: P, end: (why: string) => void): () => void
  /** Binds the node to the peer; throws when they do not belong together. */
  join(stream: AdsStream): Promise<Session>
  leave(session: Session): void
  onError?(error: Error): void
  /** How long a response may lie unread before the stream is ended. */
  unreadMs?: number
}

export interface AdsStream {
  variant: Variant
  node: NodeInfo
  peer: StreamPeer
  send(response: AdsResponse): void
  end(error: MeshError): void
}

/**
 * A frozen proxy is found in 8.5 s, in which it counts as one that has not answered. With 1 s to answer, 300 clients that came at once to a
 * busy machine lost streams (bench/xds-scale.ts), and who is dropped comes again. A thousand who are asked each 2 s cost 3 % of a core.
 */
export const SERVER_OPTIONS = {
  'grpc.keepalive_time_ms': 4500,
  'grpc.keepalive_timeout_ms': 4000,
  'grpc.max_receive_message_length': 8 * 1024 * 1024,
  'grpc.max_concurrent_streams': 64,
}

const FIRST_REQUEST_MS = 10_000
/** Requests waiting while the proxy's row is read: Envoy sends two or three. */
const EARLY_REQUESTS_MAX = 64
const EARLY_BYTES_MAX = 16 * 1024 * 1024
/** A client that answers pings and reads nothing: what waits for it is one response a type, but it would wait for ever. */
const UNREAD_MS = 30_000
const NODE_ID_MAX = 253

type Call = ServerDuplexStream<Buffer, Buffer>
const bytes = (value: Buffer) => value

export const ADS_DEFINITION = Object.fromEntries(
  Object.entries(ADS_METHODS).map(([name, path]) => [
    name,
    { path, requestStream: true, responseStream: true, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  ]),
) satisfies ServiceDefinition

export function adsHandlers<P extends StreamPeer>(options: AdsOptions<P>): UntypedServiceImplementation {
  return { delta: (call: Call) => serveStream('delta', call, options), sotw: (call: Call) => serveStream('sotw', call, options) }
}

/** A server with what is handed in, on a port of its own choosing when `port` is 0. */
export async function startXdsServer(options: {
  services: { definition: ServiceDefinition; handlers: UntypedServiceImplementation }[]
  credentials?: ServerCredentials
  host: string
  port: number
}): Promise<{ port: number } & AsyncDisposable> {
  const server = new Server(SERVER_OPTIONS)
  for (const { definition, handlers } of options.services) server.addService(definition, handlers)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.host}:${options.port}`, options.credentials ?? ServerCredentials.createInsecure(), (error, bound) => (error ? reject(new MeshError('unavailable', `cannot listen on ${options.host}:${options.port}; HEDDLE_XDS_PORT moves it`, { cause: error })) : resolve(bound)))
  })
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.forceShutdown() // proxies keep serving and look for another control process
    },
  }
}

function serveStream<P extends StreamPeer>(variant: Variant, call: Call, options: AdsOptions<P>): void {
  let session: Session | null = null
  let over = false
  let early: Buffer[] | null = null
  let earlyBytes = 0
  let unwatch = () => {}

  const finish = () => {
    if (over) return
    over = true
    clearTimeout(silence)
    clearTimeout(unread)
    unwatch()
    if (session) {
      session.close()
      options.leave(session)
    }
  }
  const end = (error: unknown) => {
    if (over) return
    if (!(error instanceof MeshError)) options.onError?.(error instanceof Error ? error : new Error(messageOf(error)))
    const known = error instanceof MeshError ? error : new MeshError('unavailable', 'control failed; its log says why')
    finish()
    call.emit('error', { code: FAILURES[known.code].grpc, details: known.message })
  }
  const silence = setTimeout(() => end(new MeshError('bad_request', `nothing was asked within ${FIRST_REQUEST_MS / 1000} s`)), FIRST_REQUEST_MS)
  const { unreadMs = UNREAD_MS } = options
  let unread: NodeJS.Timeout | undefined
  let unreadCount = 0
  /** The time runs while anything lies unread, and anew with each response that was taken. */
  const awaitReading = (change: 1 | -1) => {
    unreadCount += change
    if (change === 1 && unreadCount > 1) return
    clearTimeout(unread)
    if (unreadCount > 0 && !over) unread = setTimeout(cut, unreadMs)
  }
  /** A status would wait behind what is not read. */
  const cut = () => {
    finish()
    http2StreamOf(call)?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
  const guarded = (work: () => void) => {
    try {
      work()
    } catch (error) {
      end(error)
    }
  }

  const begin = async (first: Buffer, peer: P) => {
    const request = decodeRequest(variant, first)
    const node = request.node
    if (!node?.id || node.id.length > NODE_ID_MAX) throw new MeshError('bad_request', 'the first request of a stream carries node.id')
    const send = (response: AdsResponse) => {
      if (over) return
      awaitReading(1)
      call.write(encodeResponse(variant, response), () => awaitReading(-1))
    }
    const joined = await options.join({ variant, node, peer, send, end })
    if (over) return options.leave(joined)
    session = joined
    guarded(() => joined.receive(request))
    const waiting = early ?? []
    early = null
    for (const message of waiting) guarded(() => !over && joined.receive(decodeRequest(variant, message)))
  }

  call.on('end', () => {
    finish()
    call.end()
  })
  call.on('cancelled', finish)
  call.on('error', finish)
  guarded(() => {
    const peer = options.authenticate(call)
    unwatch = options.untilInvalid?.(peer, (why) => end(new MeshError('unauthenticated', why))) ?? unwatch
    call.on('data', (message: Buffer) => {
      if (over) return
      if (session) return guarded(() => session?.receive(decodeRequest(variant, message)))
      if (early) {
        earlyBytes += message.length
        if (early.length >= EARLY_REQUESTS_MAX || earlyBytes > EARLY_BYTES_MAX) return end(new MeshError('rate_limited', 'too many requests before the first answer'))
        return void early.push(message)
      }
      clearTimeout(silence)
      early = []
      begin(message, peer).catch(end)
    })
  })
}

/** grpc-js has no way to reset a call from the server's side; its stream is a private field (1.14), which a test of ads.ts holds. */
function http2StreamOf(call: Call): Http2Stream | undefined {
  return (call as unknown as { call?: { stream?: Http2Stream } }).call?.stream
}
