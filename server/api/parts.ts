import { createRoute } from '@hono/zod-openapi'
import { Parts } from '#server/contracts/parts.ts'
import { readParts } from '#server/queries/parts.ts'
import { requireRole } from './context.ts'
import { MeshQuery, newRoutes, ok } from './routes.ts'

const read = createRoute({ method: 'get', path: '/parts', tags: ['Health'], summary: 'Which parts of Heddle are heard, as the database knows it', request: { query: MeshQuery }, responses: ok(Parts, 'Control and collector') })

export const parts = newRoutes().openapi(read, async (c) => {
  requireRole(c, 'viewer')
  return c.json(await readParts(c.var.db, c.var.mesh), 200)
})
