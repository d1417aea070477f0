import { createRoute } from '@hono/zod-openapi'
import { Analysis } from '#server/contracts/analysis.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import { analyzeMesh } from '#server/mesh/analysis/analyze.ts'
import { readLackingProxies } from '#server/queries/lacking-proxies.ts'
import { requireRole } from './context.ts'
import { MeshQuery, newRoutes, ok } from './routes.ts'

const analysis = createRoute({
  method: 'get',
  path: '/analysis',
  tags: ['Objects'],
  summary: 'What is wrong or risky in the configuration as it is, the worst first',
  request: { query: MeshQuery },
  responses: ok(Analysis, 'The findings, each with its place, reason and fix'),
})

export const analysisRoutes = newRoutes().openapi(analysis, async (c) => {
  requireRole(c, 'viewer')
  const driver = await driverOf(c.var.db, c.var.mesh)
  const [state, lacking] = await Promise.all([driver.discover(c.var.mesh), readLackingProxies(c.var.db, c.var.mesh)])
  return c.json({ revision: state.revision, items: analyzeMesh(state, lacking) }, 200)
})
