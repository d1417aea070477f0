import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { readProxies } from '#server/queries/proxies.ts'
import { ProxyResource, readProxyResources } from '#server/queries/proxy-resources.ts'
import { requireRole } from './context.ts'
import { MeshQuery, listOf, newRoutes, ok } from './routes.ts'

const list = createRoute({
  method: 'get',
  path: '/proxies/{id}/resources',
  tags: ['Proxies'],
  summary: 'What a proxy was sent, took and refused, resource by resource',
  request: { params: z.object({ id: z.string().min(1).max(253) }), query: MeshQuery },
  responses: ok(listOf(ProxyResource), 'Resources; refused ones first'),
})

export const proxyResources = newRoutes().openapi(list, async (c) => {
  requireRole(c, 'viewer')
  const { id } = c.req.valid('param')
  const items = await readProxyResources(c.var.db, c.var.mesh, id)
  if (items.length === 0 && (await readProxies(c.var.db, c.var.mesh, { limit: 1, id })).length === 0) throw new MeshError('not_found', `there is no proxy “${id}”`)
  return c.json({ items, metadata: { continue: null, resourceVersion: '0' } }, 200)
})
