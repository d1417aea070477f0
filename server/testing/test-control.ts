// A control process's xDS half in this process, with streams that say who they are in a header, and somebody who may listen.
import { randomUUID } from 'node:crypto'
import type { ServerDuplexStream } from '@grpc/grpc-js'
import { MeshError } from '../contracts/errors.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { ADS_DEFINITION, adsHandlers, startXdsServer, type AdsStream, type StreamPeer } from '../xds/ads.ts'
import type { AdsRequest, AdsResponse } from '../xds/wire.ts'
import { startWorld } from '../xds/world.ts'

export const IDENTITY_HEADER = 'x-test-spiffe-id'

export interface TestControl extends AsyncDisposable {
  port: number
  errors: Error[]
  /** The mesh as this control has it. */
  state: () => MeshState | null
}

export interface ControlOptions {
  rereadMs?: number
  /** How long a client may leave a response unread. */
  unreadMs?: number
  /** Who a stream is that brings no header, such as that of a gRPC client. */
  nameless?: string
  /** Sees each request before control does, and each response before it is sent. */
  watch?: Watch
}

/** Whoever watches may hold a response back: it goes when `send` is called. */
export interface Watch {
  request?(proxy: string, request: AdsRequest): void
  response?(proxy: string, response: AdsResponse, send: () => void): void
}

/** A control process's xDS half; several may share one database. */
export async function startTestControl(db: Db, port = 0, { rereadMs, unreadMs, nameless, watch = {} }: ControlOptions = {}): Promise<TestControl> {
  const errors: Error[] = []
  const onError = (error: Error) => void errors.push(error)
  const controlId = `control-${randomUUID()}`
  const world = await startWorld({ db, controlId, address: `${controlId}:18000`, rereadMs, onError })
  const authenticate = (call: unknown): StreamPeer => {
    const [spiffeId = nameless] = (call as ServerDuplexStream<Buffer, Buffer>).metadata.get(IDENTITY_HEADER) // what grpc-js hands in is the whole call
    if (!spiffeId) throw new MeshError('unauthenticated', 'this needs a client certificate of the mesh')
    return { spiffeId: String(spiffeId), serial: '01', notAfter: new Date(Date.now() + 3_600_000) }
  }
  const join = async (stream: AdsStream) => {
    const send = (response: AdsResponse) => (watch.response ? watch.response(stream.node.id, response, () => stream.send(response)) : stream.send(response))
    const session = await world.join({ ...stream, send })
    const receive = session.receive.bind(session)
    session.receive = (request) => {
      watch.request?.(stream.node.id, request)
      receive(request)
    }
    return session
  }
  const handlers = adsHandlers({ authenticate, join, leave: world.leave, onError, ...(unreadMs === undefined ? {} : { unreadMs }) })
  const server = await startXdsServer({ services: [{ definition: ADS_DEFINITION, handlers }], host: '127.0.0.1', port })
  return {
    port: server.port,
    errors,
    state: () => world.state('local'),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}
