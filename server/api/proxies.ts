import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { Proxy } from '#server/contracts/status.ts'
import { readProxies } from '#server/queries/proxies.ts'
import { requireRole } from './context.ts'
import { ListQuery, MeshQuery, listOf, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['Proxies']

const list = createRoute({ method: 'get', path: '/proxies', tags, summary: 'Every proxy, with what it was sent and took', request: { query: ListQuery }, responses: ok(listOf(Proxy), 'A page of proxies') })
const read = createRoute({
  method: 'get',
  path: '/proxies/{id}',
  tags,
  summary: 'One proxy',
  request: { params: z.object({ id: z.string().min(1).max(253) }), query: MeshQuery },
  responses: ok(Proxy, 'The proxy'),
})

export const proxies = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor } = c.req.valid('query')
    const found = await readProxies(c.var.db, c.var.mesh, { limit: limit + 1, after: readCursor(cursor, z.tuple([z.string()]))?.[0] })
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    return c.json({ items, metadata: { continue: last ? writeCursor([last.id]) : null, resourceVersion: '0' } }, 200)
  })
  .openapi(read, async (c) => {
    requireRole(c, 'viewer')
    const { id } = c.req.valid('param')
    const [proxy] = await readProxies(c.var.db, c.var.mesh, { limit: 1, id })
    if (!proxy) throw new MeshError('not_found', `there is no proxy “${id}”`)
    return c.json(proxy, 200)
  })
