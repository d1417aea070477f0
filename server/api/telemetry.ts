import { createRoute } from '@hono/zod-openapi'
import { TelemetryStorage } from '#server/contracts/telemetry.ts'
import { readTelemetryStorage } from '#server/queries/telemetry-storage.ts'
import { requireRole } from './context.ts'
import { MeshQuery, newRoutes, ok } from './routes.ts'

const storage = createRoute({
  method: 'get',
  path: '/ingest/storage',
  tags: ['Telemetry'],
  summary: 'What telemetry takes on disk, by day, and what it may take',
  request: { query: MeshQuery },
  responses: ok(TelemetryStorage, 'Bytes and days'),
})

export const telemetryRoutes = newRoutes().openapi(storage, async (c) => {
  requireRole(c, 'viewer')
  return c.json(await readTelemetryStorage(c.var.db, c.var.config), 200)
})
