import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { PastRefusal } from '#server/contracts/status.ts'
import { readProxies } from '#server/queries/proxies.ts'
import { readProxyRefusals } from '#server/queries/proxy-refusals.ts'
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

const refusals = createRoute({
  method: 'get',
  path: '/proxies/{id}/refusals',
  tags: ['Proxies'],
  summary: 'Revisions that a proxy refused, the newest first, in its Envoy’s words',
  request: { params: z.object({ id: z.string().min(1).max(253) }), query: MeshQuery },
  responses: ok(listOf(PastRefusal), 'At most a hundred'),
})

export const proxyResources = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { id } = c.req.valid('param')
    const items = await readProxyResources(c.var.db, c.var.mesh, id)
    if (items.length === 0 && (await readProxies(c.var.db, c.var.mesh, { limit: 1, id })).length === 0) throw new MeshError('not_found', `there is no proxy “${id}”`)
    return c.json({ items, metadata: { continue: null, resourceVersion: '0' } }, 200)
  })
  .openapi(refusals, async (c) => {
    requireRole(c, 'viewer')
    const { id } = c.req.valid('param')
    const items = await readProxyRefusals(c.var.db, c.var.mesh, id)
    if (items.length === 0 && (await readProxies(c.var.db, c.var.mesh, { limit: 1, id })).length === 0) throw new MeshError('not_found', `there is no proxy “${id}”`)
    return c.json({ items, metadata: { continue: null, resourceVersion: '0' } }, 200)
  })
