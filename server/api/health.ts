import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { newRoutes, ok } from './routes.ts'

const Alive = z.object({ status: z.literal('ok') })

const health = createRoute({ method: 'get', path: '/health', tags: ['Health'], summary: 'The process runs', security: [], responses: ok(Alive, 'It does') })
const ready = createRoute({ method: 'get', path: '/ready', tags: ['Health'], summary: 'The process can serve: it reaches its database', security: [], responses: ok(Alive, 'It can') })

/** Open to everybody; they say nothing but yes or no. */
export const healthRoutes = newRoutes()
  .openapi(health, (c) => c.json({ status: 'ok' as const }, 200))
  .openapi(ready, async (c) => {
    try {
      await c.var.db.pool.query('select 1')
    } catch (cause) {
      throw new MeshError('unavailable', 'the database cannot be reached', { cause, extra: { retryAfterS: 2 } })
    }
    return c.json({ status: 'ok' as const }, 200)
  })
