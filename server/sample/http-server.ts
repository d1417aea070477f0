// What every sample agent's HTTP side does before its role sees a request: refuse strangers, count, trace.
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { CARD_PATHS } from '../contracts/card-paths.ts'
import type { AgentOptions } from './agent-options.ts'
import { callerOf, type Caller } from './caller.ts'
import type { Counts } from './counts.ts'
import { currentRequest, VERSION_HEADER, type CurrentRequest } from './current-request.ts'
import { startServerSpan } from './tracing.ts'

const BODY_LIMIT = '256kb'

/** An express app with the doorkeeper and the counters in front; the role adds its paths. */
export function createApp(options: AgentOptions, counts: Counts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(refuseStrangers(options, counts))
  app.use(countAndTrace(counts))
  app.use(express.json({ limit: BODY_LIMIT }))
  return app
}

/** Answers what no path took, and what a body parser or a role threw, as JSON with a sentence. */
export function closeApp(app: Express): void {
  app.use((request, response) => {
    response.status(404).json({ error: { message: `${request.method} ${request.path} is not served here` } })
  })
  const failed: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error)
    const status = statusOf(error)
    response.status(status).json({ error: { message: error instanceof Error ? error.message : String(error) } })
  }
  app.use(failed)
}

/** Listens on the agent's socket or loopback port; a socket is open to its owner alone. */
export async function listen(app: Express, options: AgentOptions): Promise<Server> {
  const server = createServer(app)
  server.keepAliveTimeout = 75_000 // longer than the sidecar keeps an idle connection, so that no request meets a closing one
  if ('socket' in options.listen) rmSync(options.listen.socket, { force: true })
  const target = 'socket' in options.listen ? { path: options.listen.socket } : { port: options.listen.port, host: '127.0.0.1' }
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(target, resolve))
  if ('socket' in options.listen) chmodSync(options.listen.socket, 0o600)
  return server
}

/** The card is public: the agent's own sidecar reads it without a certificate. Everything else comes through the mesh. */
function refuseStrangers(options: AgentOptions, counts: Counts): RequestHandler {
  return (request, response, next) => {
    const caller = callerOf(request.headers)
    if (caller?.by === options.spiffeId) return next()
    if (caller === null && request.method === 'GET' && CARD_PATHS.includes(request.path)) return next()
    counts.strangers += 1
    response.status(403).json({ error: { message: `${options.name} takes requests from its own sidecar alone (${options.spiffeId})` } })
  }
}

function countAndTrace(counts: Counts): RequestHandler {
  return (request, response, next) => {
    const from = callerOf(request.headers)
    if (from === null) return next() // the sidecar's own look at the card: no call of the mesh
    const caller = describeCaller(from)
    const { path } = request // now: a handler that is mounted below sees the rest of it
    const { span, run } = startServerSpan(request.method, path, request.headers)
    response.once('close', () => {
      const failed = response.statusCode >= 500 || !response.writableFinished
      counts.add(caller, path, failed ? 'error' : 'ok')
      span.setAttribute('http.response.status_code', response.statusCode)
      if (failed) span.setStatus({ code: 2 }).setAttribute('error.type', String(response.statusCode))
      span.end()
    })
    const store: CurrentRequest = { versionSeen: undefined }
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => typeof response
    response.writeHead = ((...args: unknown[]) => {
      if (store.versionSeen !== undefined) response.setHeader(VERSION_HEADER, store.versionSeen)
      return writeHead(...args)
    }) as typeof response.writeHead
    run(() => currentRequest.run(store, next))
  }
}

/** A call that came in by the mesh's gateway has a sidecar but no identity. */
function describeCaller(caller: Caller): string {
  return caller.uri || 'outside'
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : 500
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
