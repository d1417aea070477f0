import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { TraceId } from '#server/contracts/ids.ts'
import { Trace, TraceSummary } from '#server/contracts/telemetry.ts'
import { readTrace, readTraceOtlp } from '#server/queries/trace.ts'
import { readTraces } from '#server/queries/traces.ts'
import { requireRole } from './context.ts'
import { ListQuery, MeshQuery, listOf, newRoutes, ok, readCursor, writeCursor } from './routes.ts'
import { readWindow, WindowQuery } from './window.ts'

const tags = ['Traces']
const WINDOW_DEFAULT = '1h'
const Cursor = z.tuple([z.string().regex(/^\d{1,17}$/), z.string().regex(/^[0-9a-f]{32}$/)])
const DurationMs = z.coerce.number().min(0).max(31_622_400_000).optional()

const list = createRoute({
  method: 'get',
  path: '/traces',
  tags,
  summary: 'Traces with a span that matches, newest first',
  request: {
    query: ListQuery.extend(WindowQuery).extend({
      service: z.string().max(512).optional(),
      operation: z.string().max(512).optional(),
      status: z.enum(['ok', 'error']).optional(),
      minDurationMs: DurationMs,
      maxDurationMs: DurationMs,
    }),
  },
  responses: ok(listOf(TraceSummary), 'A page of traces'),
})

/** OTLP/JSON ExportTraceServiceRequest. */
const Otlp = z.object({ resourceSpans: z.array(z.unknown()) })

const read = createRoute({
  method: 'get',
  path: '/traces/{traceId}',
  tags,
  summary: 'One trace; with format=otlp as OTLP/JSON, values exactly as received',
  request: { params: z.object({ traceId: z.string().toLowerCase().pipe(TraceId) }), query: MeshQuery.extend({ format: z.enum(['heddle', 'otlp']).default('heddle') }) },
  responses: ok(z.union([Trace, Otlp]), 'The trace'),
})

export const traceRoutes = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor, service, operation, status, minDurationMs, maxDurationMs, ...window } = c.req.valid('query')
    const after = readCursor(cursor, Cursor)
    const page = await readTraces(c.var.db, c.var.mesh, {
      ...readWindow(window, WINDOW_DEFAULT),
      service: service || undefined,
      operation: operation || undefined,
      status,
      minDurationMs,
      maxDurationMs,
      limit,
      after: after ? { atUs: after[0], traceId: after[1] } : undefined,
    })
    return c.json({ items: page.items, metadata: { continue: page.next ? writeCursor([page.next.atUs, page.next.traceId]) : null, resourceVersion: '' } }, 200)
  })
  .openapi(read, async (c) => {
    requireRole(c, 'viewer')
    const { traceId } = c.req.valid('param')
    const found = c.req.valid('query').format === 'otlp' ? await readTraceOtlp(c.var.db, c.var.mesh, traceId) : await readTrace(c.var.db, c.var.mesh, traceId)
    if (!found) throw new MeshError('not_found', `there is no trace ${traceId}; it may be older than what is kept`)
    return c.json(found, 200)
  })
