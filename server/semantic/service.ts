// `ExternalProcessor` for the sidecars' Envoys. It helps to choose and guards nothing: whatever fails here, a call takes the fallback.
import { status, type ServerDuplexStream, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js'
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js'
import { DECIDED_HEADER, DECISION_HEADER } from '../compile/semantic.ts'
import { messageOf } from '../contracts/errors.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Caller } from './choose.ts'
import { decodeProcessing, encodeAskBody, encodeContinue, encodeHeaders, EXT_PROC_PATH, type ProcessingRequest } from './messages.ts'
import type { Router } from './router.ts'
import { whyUnreadable } from './task-text.ts'

/** Calls that wait for a decision in this process; one more is told at once to take its fallback. */
const WAITING_MAX = 256
/** What is read of a body. One that says it is larger is not asked for; of one that does not say, Envoy holds this much over HTTP/1.1 (then 413), and more over HTTP/2. */
const BODY_MAX = 2 ** 20

export interface SemanticServiceOptions {
  /** Who is on the stream. Throws for a stranger. */
  authenticate(call: { getAuthContext(): AuthContext }): Caller
  state: () => MeshState | null
  router: Router
  onError(error: Error): void
}

type Call = ServerDuplexStream<Buffer, Buffer>
const bytes = (value: Buffer) => value

export const SEMANTIC_DEFINITION: ServiceDefinition = {
  process: { path: EXT_PROC_PATH, requestStream: true, responseStream: true, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
}

export function semanticHandlers(options: SemanticServiceOptions): UntypedServiceImplementation {
  let waiting = 0
  const process = (call: Call) => {
    let caller: Caller
    let headers: Extract<ProcessingRequest, { kind: 'headers' }> | null = null
    try {
      caller = options.authenticate(call)
    } catch (error) {
      return call.emit('error', { code: status.UNAUTHENTICATED, details: messageOf(error) })
    }
    const answer = async (from: 'headers' | 'body', body: Buffer, unread: string | null) => {
      const decided = headers && waiting < WAITING_MAX ? await decide(from, headers, body, unread) : null
      if (!call.destroyed) call.write(decided ?? encodeContinue(from))
    }
    const decide = async (from: 'headers' | 'body', about: NonNullable<typeof headers>, body: Buffer, unread: string | null): Promise<Buffer | null> => {
      const route = findRoute(options.state(), about.routeName)
      if (!route) return null
      waiting++
      try {
        const { id, to } = await options.router.route({ caller, route, body, unread, contentType: about.headers.get('content-type') ?? '', traceId: traceIdOf(about.headers.get('traceparent')) })
        const headers = { [DECISION_HEADER]: id, ...(to === null ? {} : { [DECIDED_HEADER]: to }) }
        return encodeHeaders(from, headers)
      } catch (error) {
        options.onError(new Error(`cannot decide for ${about.routeName}: ${messageOf(error)}`, { cause: error }))
        return null
      } finally {
        waiting--
      }
    }
    const take = async (message: Buffer) => {
      const request = decodeProcessing(message)
      switch (request.kind) {
        case 'headers': {
          headers = request
          const unread = request.endOfStream ? null : whyUnread(request.headers)
          if (request.endOfStream || unread !== null) await answer('headers', Buffer.alloc(0), unread)
          else call.write(encodeAskBody())
          return
        }
        case 'body':
          return answer('body', request.body, request.endOfStream && request.body.length <= BODY_MAX ? null : TOO_LARGE)
        case 'other':
          return // nothing else was asked for
      }
    }
    call.on('data', (message: Buffer) => {
      take(message).catch((error: unknown) => {
        options.onError(new Error(`a message of ext_proc cannot be read: ${messageOf(error)}`))
        call.emit('error', { code: status.INVALID_ARGUMENT, details: 'the message cannot be read' })
      })
    })
    call.on('end', () => call.end())
    call.on('error', () => {}) // the proxy went away
    return call
  }
  return { process }
}

/** `agentroute/NAMESPACE/NAME/…`: how the compiler names its routes. */
function findRoute(state: MeshState | null, routeName: string) {
  const [kind, namespace, name] = routeName.split('/')
  return kind === 'agentroute' ? state?.agentRoutes.find((route) => route.metadata.namespace === namespace && route.metadata.name === name) : undefined
}

const TOO_LARGE = 'the body is larger than what is read, 1 MiB'

/** Asking for a body makes the call wait for its end: what could not be read anyway, such as a gRPC stream, goes on at once. */
function whyUnread(headers: ReadonlyMap<string, string>): string | null {
  if (Number(headers.get('content-length') ?? 0) > BODY_MAX) return TOO_LARGE
  return whyUnreadable(headers.get('content-type') ?? '')
}

function traceIdOf(traceparent: string | undefined): string | null {
  return /^00-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1] ?? null
}
