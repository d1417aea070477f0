import { createRoute } from '@hono/zod-openapi'
import { ExplainRequest, Explanation } from '#server/contracts/explain.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import { explainCall } from '#server/mesh/explain.ts'
import { findAgent } from '#server/mesh/reach.ts'
import { requireRole } from './context.ts'
import { jsonBody, MeshQuery, newRoutes, ok } from './routes.ts'

const explain = createRoute({
  method: 'post',
  path: '/explain',
  tags: ['Objects'],
  summary: 'Where a call would go, and why: rule, backends with shares, policies, instances',
  request: { query: MeshQuery, ...jsonBody(ExplainRequest) },
  responses: ok(Explanation, 'The explanation; nothing is sent'),
})

export const explainRoutes = newRoutes().openapi(explain, async (c) => {
  requireRole(c, 'viewer')
  const request = c.req.valid('json')
  const driver = await driverOf(c.var.db, c.var.mesh)
  const state = await driver.discover(c.var.mesh)
  if (!findAgent(state, request.from.namespace, request.from.agent)) throw new MeshError('not_found', `there is no agent “${request.from.agent}” in namespace “${request.from.namespace}”`)
  return c.json(explainCall(state, request), 200)
})
