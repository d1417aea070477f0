import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { IngestBucket, readIngest } from '#server/queries/ingest.ts'
import { requireRole } from './context.ts'
import { listOf, newRoutes, ok } from './routes.ts'

/** A day of one collector has 8,640. */
const BUCKETS_MAX = 20_000
const WINDOWS_MS = { '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000 } as const

const list = createRoute({
  method: 'get',
  path: '/ingest',
  tags: ['Telemetry'],
  summary: 'How each collector fares, in buckets of ten seconds',
  request: { query: z.object({ window: z.enum(['5m', '15m', '1h', '6h', '24h']).default('15m'), limit: z.coerce.number().int().min(1).max(BUCKETS_MAX).default(BUCKETS_MAX) }) },
  responses: ok(listOf(IngestBucket), 'Buckets, oldest first; of more than the limit the newest'),
})

export const ingest = newRoutes().openapi(list, async (c) => {
  requireRole(c, 'viewer')
  const { window, limit } = c.req.valid('query')
  const items = await readIngest(c.var.db, { from: new Date(Date.now() - WINDOWS_MS[window]), limit })
  return c.json({ items, metadata: { continue: null, resourceVersion: '0' } }, 200)
})
