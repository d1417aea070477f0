import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { Decision, DecisionOutcome, EvaluateAnswer, EvaluateRequest, TryAnswer, TryRequest } from '#server/contracts/semantic.ts'
import { recordAudit } from '#server/db/audit.ts'
import { readMeshState } from '#server/db/mesh-state.ts'
import { correctDecision, readDecision, readDecisions } from '#server/queries/decisions.ts'
import { evaluateAgainst, findRoute, replayVector, tryTask } from '#server/semantic/offline.ts'
import { requireRole } from './context.ts'
import { jsonBody, ListQuery, listOf, MeshQuery, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['Semantic routing']
const One = z.object({ id: z.string().min(1).max(64) })

const tryOne = createRoute({ method: 'post', path: '/semantic/try', tags, summary: 'Where a task would go, and why; with the stored route, or one that is tried', request: { query: MeshQuery, ...jsonBody(TryRequest) }, responses: ok(TryAnswer, 'The choice') })
const evaluateAll = createRoute({ method: 'post', path: '/semantic/evaluate', tags, summary: 'How well a route chooses over labelled tasks, and another configuration of it', request: { query: MeshQuery, ...jsonBody(EvaluateRequest) }, responses: ok(EvaluateAnswer, 'Accuracy, confusion, thresholds') })
const list = createRoute({
  method: 'get',
  path: '/semantic/decisions',
  tags,
  summary: 'Decisions, newest first',
  request: { query: ListQuery.extend({ namespace: z.string().max(63).optional(), route: z.string().max(63).optional(), traceId: z.string().regex(/^[0-9a-f]{32}$/).optional(), outcome: DecisionOutcome.optional() }) },
  responses: ok(listOf(Decision), 'A page'),
})
const get = createRoute({ method: 'get', path: '/semantic/decisions/{id}', tags, summary: 'One decision with its candidates', request: { params: One, query: MeshQuery }, responses: ok(Decision, 'The decision') })
const replay = createRoute({ method: 'post', path: '/semantic/decisions/{id}/replay', tags, summary: 'The same task against the configuration of now', request: { params: One, query: MeshQuery }, responses: ok(TryAnswer, 'What would be chosen') })
const correct = createRoute({
  method: 'put',
  path: '/semantic/decisions/{id}/correction',
  tags,
  summary: 'Say who should have answered; such decisions make a labelled set',
  request: { params: One, query: MeshQuery, ...jsonBody(z.strictObject({ agent: z.string().min(1).max(200).nullable() })) },
  responses: ok(z.object({ id: z.string(), corrected: z.string().nullable() }), 'Kept'),
})

export const semantic = newRoutes()
  .openapi(tryOne, async (c) => {
    requireRole(c, 'viewer')
    const { task, ...choice } = c.req.valid('json')
    const state = await readMeshState(c.var.db, c.var.mesh)
    return c.json(await tryTask(state, findRoute(state, choice), task, c.var.embedder), 200)
  })
  .openapi(evaluateAll, async (c) => {
    requireRole(c, 'viewer')
    const { tasks, against, ...choice } = c.req.valid('json')
    const state = await readMeshState(c.var.db, c.var.mesh)
    return c.json(await evaluateAgainst(state, findRoute(state, choice), against, tasks, c.var.embedder), 200)
  })
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const query = c.req.valid('query')
    const found = await readDecisions(c.var.db, c.var.mesh, { ...query, limit: query.limit + 1, after: readCursor(query.continue, z.tuple([z.string()]))?.[0] })
    const items = found.slice(0, query.limit)
    const last = found.length > query.limit ? items.at(-1) : undefined
    return c.json({ items, metadata: { continue: last ? writeCursor([last.id]) : null, resourceVersion: '0' } }, 200)
  })
  .openapi(get, async (c) => {
    requireRole(c, 'viewer')
    const { id } = c.req.valid('param')
    const found = await readDecision(c.var.db, c.var.mesh, id)
    if (!found) throw new MeshError('not_found', `there is no decision ${id}; they are kept for 7 days`)
    return c.json(found.decision, 200)
  })
  .openapi(replay, async (c) => {
    requireRole(c, 'viewer')
    const { id } = c.req.valid('param')
    const found = await readDecision(c.var.db, c.var.mesh, id)
    if (!found) throw new MeshError('not_found', `there is no decision ${id}; they are kept for 7 days`)
    if (!found.embedding) throw new MeshError('invalid', 'this call said nothing that could be compared, so there is nothing to decide again')
    const state = await readMeshState(c.var.db, c.var.mesh)
    return c.json(await replayVector(state, findRoute(state, found.decision), found.embedding, c.var.embedder), 200)
  })
  .openapi(correct, async (c) => {
    const caller = requireRole(c, 'operator')
    const { id } = c.req.valid('param')
    const { agent } = c.req.valid('json')
    if (!(await correctDecision(c.var.db, c.var.mesh, id, agent, caller.name))) throw new MeshError('not_found', `there is no decision ${id}; they are kept for 7 days`)
    await recordAudit(c.var.db.pool, { mesh: c.var.mesh, actor: caller.name, action: 'decision.correct', target: id, result: 'ok', detail: { agent } })
    return c.json({ id, corrected: agent }, 200)
  })
