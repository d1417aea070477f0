import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { ProbedInstance, ProbeEvent } from '#server/contracts/registry.ts'
import { readProbed, readProbeEvents } from '#server/queries/probes.ts'
import { requireRole } from './context.ts'
import { listOf, MeshQuery, newRoutes, ok } from './routes.ts'

const tags = ['Probes']
const query = MeshQuery.extend({ namespace: z.string().max(63).optional(), agent: z.string().max(63).optional(), limit: z.coerce.number().int().min(1).max(1000).default(100) })

const instances = createRoute({ method: 'get', path: '/probed-instances', tags, summary: 'Instances with what each probe found, those that are not well first', request: { query }, responses: ok(listOf(ProbedInstance), 'Instances') })
const events = createRoute({ method: 'get', path: '/probe-events', tags, summary: 'When an instance’s probe changed its state, and why; newest first', request: { query }, responses: ok(listOf(ProbeEvent), 'Changes') })

export const probes = newRoutes()
  .openapi(instances, async (c) => {
    requireRole(c, 'viewer')
    return c.json({ items: await readProbed(c.var.db, c.var.mesh, c.req.valid('query')), metadata: { continue: null, resourceVersion: '0' } }, 200)
  })
  .openapi(events, async (c) => {
    requireRole(c, 'viewer')
    return c.json({ items: await readProbeEvents(c.var.db, c.var.mesh, c.req.valid('query')), metadata: { continue: null, resourceVersion: '0' } }, 200)
  })
