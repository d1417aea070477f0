import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { TraceId } from '#server/contracts/ids.ts'
import { ATTRIBUTES_MAX, AttributeName, parseAttribute, Span, SpanPeers, Trace, TraceColumns, TraceSummary } from '#server/contracts/telemetry.ts'
import { readAttributeNames } from '#server/queries/attribute-names.ts'
import { readSpanPeers } from '#server/queries/span-peers.ts'
import { isLongTrace, readTraceColumns } from '#server/queries/trace-columns.ts'
import { TRACE_SPANS_MAX } from '#server/queries/trace-rows.ts'
import { readSpan, readTrace, readTraceOtlp } from '#server/queries/trace.ts'
import { readTraces } from '#server/queries/traces.ts'
import { recordAudit } from '#server/db/audit.ts'
import { inTransaction } from '#server/db/pool.ts'
import { requireRole } from './context.ts'
import { jsonBody, ListQuery, MeshQuery, listOf, newRoutes, ok, readCursor, writeCursor } from './routes.ts'
import { readWindow, WindowQuery } from './window.ts'

const tags = ['Traces']
const WINDOW_DEFAULT = '1h'
const Cursor = z.tuple([z.string().regex(/^\d{1,17}$/), z.string().regex(/^[0-9a-f]{32}$/)])
const Attribute = z.string().refine((text) => parseAttribute(text) !== null, 'say name=value, such as http.route=/tasks; at most 1,024 characters')
const Attributes = z.union([Attribute, z.array(Attribute).max(ATTRIBUTES_MAX, `a search takes ${ATTRIBUTES_MAX} attributes at most`)])
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
      /** Of the span, of one of its events or of its resource; several: all of one span. */
      attr: Attributes.optional().openapi({ description: 'name=value of an attribute; may come four times. Attributes are not indexed: when a search has spent two seconds, metadata says how far it looked back' }),
    }),
  },
  responses: ok(listOf(TraceSummary).extend({ metadata: z.object({ continue: z.string().nullable(), resourceVersion: z.string(), lookedBackTo: z.string().nullable() }) }), 'A page of traces'),
})

const names = createRoute({
  method: 'get',
  path: '/traces/attributes',
  tags,
  summary: 'Names of attributes that recent spans carry, with some of their values',
  request: { query: MeshQuery.extend(WindowQuery).extend({ service: z.string().max(512).optional() }) },
  responses: ok(z.object({ items: z.array(AttributeName) }), 'Names in order of the alphabet'),
})

/** OTLP/JSON ExportTraceServiceRequest. */
const Otlp = z.object({ resourceSpans: z.array(z.unknown()) })

const read = createRoute({
  method: 'get',
  path: '/traces/{traceId}',
  tags,
  summary: 'One trace in full, its first 5,000 spans; with format=columns up to 50,000 spans without their attributes, with format=fitting whichever holds it whole; with format=otlp as OTLP/JSON, values exactly as received',
  request: { params: z.object({ traceId: z.string().toLowerCase().pipe(TraceId) }), query: MeshQuery.extend({ format: z.enum(['heddle', 'columns', 'fitting', 'otlp']).default('heddle') }) },
  responses: ok(z.union([Trace, TraceColumns, Otlp]), 'The trace'),
})

const readOne = createRoute({
  method: 'get',
  path: '/traces/{traceId}/spans/{spanId}',
  tags,
  summary: 'One span in full, with its log records as events; service says whose where several sent the id',
  request: {
    params: z.object({ traceId: z.string().toLowerCase().pipe(TraceId), spanId: z.string().toLowerCase().regex(/^[0-9a-f]{16}$/) }),
    query: MeshQuery.extend({ service: z.string().max(512).optional() }),
  },
  responses: ok(Span, 'The span'),
})

const peers = createRoute({
  method: 'get',
  path: '/traces/{traceId}/spans/{spanId}/peers',
  tags,
  summary: 'Where one span sits among those of the same service and operation, by how long they took; half an hour before and after it, or the window asked for',
  request: { params: readOne.request.params, query: readOne.request.query.extend(WindowQuery) },
  responses: ok(SpanPeers, 'A histogram; of more than 200,000 spans of the service the newest are looked at, and how far back is said'),
})

const reveal = createRoute({
  method: 'post',
  path: '/traces/{traceId}/reveal',
  tags,
  summary: 'One trace with the messages that are recorded of it; who asked, and why, is in the audit',
  request: { params: z.object({ traceId: z.string().toLowerCase().pipe(TraceId) }), query: MeshQuery, ...jsonBody(z.strictObject({ reason: z.string().trim().min(3, 'say why, in a few words').max(500) })) },
  responses: ok(Trace, 'The trace, its first 5,000 spans'),
})

export const traceRoutes = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor, service, operation, status, minDurationMs, maxDurationMs, attr = [], ...window } = c.req.valid('query')
    const after = readCursor(cursor, Cursor)
    const page = await readTraces(c.var.db, c.var.mesh, {
      ...readWindow(window, WINDOW_DEFAULT),
      service: service || undefined,
      operation: operation || undefined,
      status,
      minDurationMs,
      maxDurationMs,
      attributes: [attr].flat().flatMap((text) => parseAttribute(text) ?? []),
      signal: c.req.raw.signal,
      limit,
      after: after ? { atUs: after[0], traceId: after[1] } : undefined,
    })
    return c.json({ items: page.items, metadata: { continue: page.next ? writeCursor([page.next.atUs, page.next.traceId]) : null, resourceVersion: '', lookedBackTo: page.lookedBackTo?.toISOString() ?? null } }, 200)
  })
  .openapi(names, async (c) => {
    requireRole(c, 'viewer')
    const { service, mesh: _, ...window } = c.req.valid('query')
    return c.json({ items: await readAttributeNames(c.var.db, c.var.mesh, { ...readWindow(window, WINDOW_DEFAULT), service: service || undefined }) }, 200)
  })
  .openapi(read, async (c) => {
    requireRole(c, 'viewer')
    const { traceId } = c.req.valid('param')
    const { format } = c.req.valid('query')
    const inColumns = format === 'columns' || (format === 'fitting' && (await isLongTrace(c.var.db, traceId, TRACE_SPANS_MAX)))
    const reader = format === 'otlp' && !inColumns ? readTraceOtlp : readTrace
    const found = inColumns ? await readTraceColumns(c.var.db, c.var.mesh, traceId) : await reader(c.var.db, c.var.mesh, traceId, 'open')
    if (!found) throw new MeshError('not_found', `there is no trace ${traceId}; it may be older than what is kept`)
    return c.json(found, 200)
  })
  .openapi(readOne, async (c) => {
    requireRole(c, 'viewer')
    const { traceId, spanId } = c.req.valid('param')
    const found = await readSpan(c.var.db, c.var.mesh, traceId, spanId, { service: c.req.valid('query').service ?? null, messages: 'open' })
    if (!found) throw new MeshError('not_found', `there is no span ${spanId} in the trace ${traceId}`)
    return c.json(found, 200)
  })
  .openapi(peers, async (c) => {
    requireRole(c, 'viewer')
    const { traceId, spanId } = c.req.valid('param')
    const { service, mesh: _, ...window } = c.req.valid('query')
    const named = window.window !== undefined || window.from !== undefined || window.to !== undefined
    const found = await readSpanPeers(c.var.db, c.var.mesh, { traceId, spanId, service: service ?? null, window: named ? readWindow(window, WINDOW_DEFAULT) : null })
    if (!found) throw new MeshError('not_found', `there is no span ${spanId} in the trace ${traceId}`)
    return c.json(found, 200)
  })
  .openapi(reveal, async (c) => {
    const caller = requireRole(c, 'operator')
    const { traceId } = c.req.valid('param')
    const { reason } = c.req.valid('json')
    const found = await readTrace(c.var.db, c.var.mesh, traceId, 'all')
    if (!found) throw new MeshError('not_found', `there is no trace ${traceId}; it may be older than what is kept`)
    // No line, no messages.
    await inTransaction(c.var.db.pool, (client) => recordAudit(client, { mesh: c.var.mesh, actor: caller.name, action: 'messages.reveal', target: `trace ${traceId}`, result: 'ok', detail: { reason } }))
    return c.json(found, 200)
  })
