import { createRoute } from '@hono/zod-openapi'
import { EgressHost } from '#server/contracts/egress.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import { listEgress } from '#server/queries/egress.ts'
import { readGraph } from '#server/queries/graph.ts'
import { requireRole } from './context.ts'
import { LIST, listOf, MeshQuery, newRoutes, ok } from './routes.ts'
import { readWindow, WindowQuery } from './window.ts'

const WINDOW_DEFAULT = '1h'

const egress = createRoute({
  method: 'get',
  path: '/egress',
  tags: ['Graph'],
  summary: 'Hosts outside the mesh: who called them in a window, and who allowed or blocked them; unknown ones first',
  request: { query: MeshQuery.extend(WindowQuery) },
  responses: ok(listOf(EgressHost), 'Hosts by namespace of their callers'),
})

export const egressRoutes = newRoutes().openapi(egress, async (c) => {
  requireRole(c, 'viewer')
  const { db, mesh } = c.var
  const [state, graph] = await Promise.all([driverOf(db, mesh).then((driver) => driver.discover(mesh)), readGraph(db, mesh, { ...readWindow(c.req.valid('query'), WINDOW_DEFAULT), by: 'agent' })])
  return c.json({ items: listEgress(state, graph).slice(0, LIST.limitMax), metadata: { continue: null, resourceVersion: String(state.revision) } }, 200)
})
