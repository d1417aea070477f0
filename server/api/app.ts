// The REST API: what stands before every route, then one line a kind.
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { parseAllowList } from '#server/fetch/addresses.ts'
import { openLazily } from '#server/semantic/embedder.ts'
import { failureLimiter } from '#server/auth/limiter.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel, MESH_DEFAULT } from '#server/contracts/ids.ts'
import { audit } from './audit.ts'
import { authRoutes } from './auth.ts'
import { readBody, writeYaml } from './body.ts'
import { certificates } from './certificates.ts'
import { requireRole, type ApiEnv, type ApiOptions } from './context.ts'
import { allowedHosts, guardHost, guardOrigin } from './guard.ts'
import { analysisRoutes } from './analysis.ts'
import { egressRoutes } from './egress.ts'
import { explainRoutes } from './explain.ts'
import { graphRoutes } from './graph.ts'
import { healthRoutes } from './health.ts'
import { identify } from './identify.ts'
import { ingest } from './ingest.ts'
import { joinTokens } from './join-tokens.ts'
import { liveRoutes } from './live.ts'
import { objectSets } from './object-sets.ts'
import { objectives } from './objectives.ts'
import { objects } from './objects.ts'
import { parts } from './parts.ts'
import { policyTrials } from './policy-trials.ts'
import { documentOf } from './openapi.ts'
import { answerErrors, problemResponse } from './problem.ts'
import { peers, registry } from './registry.ts'
import { probes } from './probes.ts'
import { semantic } from './semantic.ts'
import { proxies } from './proxies.ts'
import { proxyQuestions } from './proxy-questions.ts'
import { proxyResources } from './proxy-resources.ts'
import { revisions } from './revisions.ts'
import { reachRoutes } from './reach.ts'
import { rotations } from './rotations.ts'
import { overviewRoutes } from './overview.ts'
import { routeStatuses } from './route-status.ts'
import { newRoutes } from './routes.ts'
import { sample } from './sample.ts'
import { scrape } from './scrape.ts'
import { redaction } from './redaction.ts'
import { sessions } from './sessions.ts'
import { tokens } from './tokens.ts'
import { telemetryRoutes } from './telemetry.ts'
import { traceRoutes } from './traces.ts'
import { users } from './users.ts'

export const API_PATH = '/api/v1'

/** One line a file of routes; the order is that of the document. */
const routes = newRoutes() //
  .route('/', healthRoutes)
  .route('/', parts)
  .route('/', liveRoutes)
  .route('/', authRoutes)
  .route('/', users)
  .route('/', tokens)
  .route('/', audit)
  .route('/', ingest)
  .route('/', telemetryRoutes)
  .route('/', graphRoutes)
  .route('/', overviewRoutes)
  .route('/', traceRoutes)
  .route('/', sessions)
  .route('/', objectives)
  .route('/', redaction)
  .route('/', scrape)
  .route('/', revisions)
  .route('/', explainRoutes)
  .route('/', routeStatuses)
  .route('/', reachRoutes)
  .route('/', egressRoutes)
  .route('/', policyTrials)
  .route('/', objectSets)
  .route('/', analysisRoutes)
  .route('/', proxies)
  .route('/', proxyResources)
  .route('/', proxyQuestions)
  .route('/', certificates)
  .route('/', rotations)
  .route('/', joinTokens)
  .route('/', registry)
  .route('/', peers)
  .route('/', probes)
  .route('/', semantic)
  .route('/', sample)
  .route('/', objects) // last: `/{plural}` would take every other name

/** The type that the client is made from: `hc<Api>(origin)`. */
export type Api = ReturnType<typeof createApi>

/** Built once per process; `fetch` takes a Request of any origin, also one made in process. */
export function createApi(options: ApiOptions) {
  const hosts = allowedHosts(options.config)
  const app = new OpenAPIHono<ApiEnv>()
  app.onError(answerErrors())
  app.notFound(() => problemResponse(new MeshError('not_found', 'there is nothing at this address')))
  app.use(provide(options))
  app.use(writeYaml)
  app.use(guardHost(hosts))
  app.use(guardOrigin(hosts))
  app.use(identify(failureLimiter({ max: 20, windowMs: 60_000 })))
  app.use(refuseStrangers)
  app.use(findMesh)
  app.use(readBody)
  app.get(`${API_PATH}/openapi.json`, (c) => {
    requireRole(c, 'viewer')
    return c.json(document())
  })
  const api = app.route(API_PATH, routes)
  const document = () => documentOf(api, new URL(options.config.publicUrl).origin)
  return api
}

function provide(options: ApiOptions): MiddlewareHandler<ApiEnv> {
  const outside = { allow: parseAllowList(options.config.fetchAllow) }
  const embedder = openLazily({ ...options.config.embeddings, outside })
  return async (c, next) => {
    c.set('db', options.db)
    c.set('config', options.config)
    c.set('auth', options.auth)
    c.set('log', options.log)
    c.set('outside', outside)
    c.set('embedder', embedder)
    c.set('caller', null)
    c.set('mesh', MESH_DEFAULT)
    // Set by server/web.ts from the socket, over whatever a client sent.
    c.set('peer', c.req.header('x-heddle-peer') ?? 'this process')
    await next()
    c.res.headers.set('x-content-type-options', 'nosniff')
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  }
}

const OPEN = new Set(['/health', '/ready', '/auth/sign-in', '/auth/link', '/auth/sign-out'].map((path) => API_PATH + path))

/** Before a body is read: who is not signed in learns nothing of it. Each handler asks again, for its role. */
const refuseStrangers: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (!OPEN.has(c.req.path)) requireRole(c, 'viewer')
  await next()
}

/** `?mesh=` must name a mesh. Nobody who is not signed in learns which there are. */
const findMesh: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const name = c.req.query('mesh')
  if (name !== undefined && name !== MESH_DEFAULT) {
    const known = DnsLabel.safeParse(name).success && (await c.var.db.prisma.mesh.findUnique({ where: { name }, select: { name: true } }))
    if (!known) throw new MeshError('not_found', `there is no mesh “${name.slice(0, 63)}”`)
    c.set('mesh', name)
  }
  await next()
}
