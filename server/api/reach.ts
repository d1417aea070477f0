import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel } from '#server/contracts/ids.ts'
import { Reach } from '#server/contracts/reach.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import { findAgent } from '#server/mesh/reach.ts'
import { reachOf } from '#server/mesh/who-can-reach.ts'
import { requireRole } from './context.ts'
import { LIST, MeshQuery, newRoutes, ok } from './routes.ts'

const reach = createRoute({
  method: 'get',
  path: '/namespaces/{ns}/agents/{name}/reach',
  tags: ['Objects'],
  summary: 'Who can reach an agent, or what it can reach: by names, routes, revocations and policies',
  request: {
    params: z.object({ ns: DnsLabel, name: DnsLabel }),
    query: MeshQuery.extend({ direction: Reach.shape.direction.default('callers'), limit: z.coerce.number().int().min(1).max(LIST.limitMax).default(LIST.limitMax) }),
  },
  responses: ok(Reach, 'Every other agent up to the limit, those that are let through first; the counts are of all'),
})

export const reachRoutes = newRoutes().openapi(reach, async (c) => {
  requireRole(c, 'viewer')
  const { ns, name } = c.req.valid('param')
  const { direction, limit } = c.req.valid('query')
  const driver = await driverOf(c.var.db, c.var.mesh)
  const state = await driver.discover(c.var.mesh)
  const agent = findAgent(state, ns, name)
  if (!agent) throw new MeshError('not_found', `there is no agent “${name}” in namespace “${ns}”`)
  const found = reachOf(state, agent, direction)
  return c.json({ ...found, items: found.items.slice(0, limit) }, 200)
})
