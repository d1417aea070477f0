import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Breakdown, Graph, Series } from '#server/contracts/telemetry.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { readBreakdown } from '#server/queries/breakdown.ts'
import { readEdgeSeries } from '#server/queries/edge-series.ts'
import { storedOf } from '#server/queries/graph-nodes.ts'
import { readGraph } from '#server/queries/graph.ts'
import { requireRole } from './context.ts'
import { MeshQuery, newRoutes, ok } from './routes.ts'
import { readWindow, WindowQuery } from './window.ts'

const tags = ['Graph']
const WINDOW_DEFAULT = '5m'
/** A node of the graph, as `/graph` names it. */
const NODE_ID = z.string().min(1).max(512).transform(storedOf)

const graph = createRoute({
  method: 'get',
  path: '/graph',
  tags,
  summary: 'Who called whom in a window, by what the mesh and the agents’ own spans say',
  request: { query: MeshQuery.extend(WindowQuery).extend({ by: z.enum(['agent', 'version']).default('agent') }) },
  responses: ok(Graph, 'Nodes and edges'),
})

const series = createRoute({
  method: 'get',
  path: '/series',
  tags,
  summary: 'Requests, errors, latency and tokens of an edge or of an agent over a window, by version when asked',
  request: { query: MeshQuery.extend(WindowQuery).extend({ source: NODE_ID.optional(), target: NODE_ID.optional(), by: z.enum(['agent', 'version']).default('agent') }) },
  responses: ok(Series, 'Steps of equal length'),
})

const breakdown = createRoute({
  method: 'get',
  path: '/breakdown',
  tags,
  summary: 'What the failed and refused answers of an edge or of an agent were, and which models its tokens went to, at what cost',
  request: { query: MeshQuery.extend(WindowQuery).extend({ source: NODE_ID.optional(), target: NODE_ID.optional() }) },
  responses: ok(Breakdown, 'By spans; of more than 200,000 the newest are looked at, and how far back is said'),
})

export const graphRoutes = newRoutes()
  .openapi(graph, async (c) => {
    requireRole(c, 'viewer')
    const query = c.req.valid('query')
    return c.json(await readGraph(c.var.db, c.var.mesh, { ...readWindow(query, WINDOW_DEFAULT), by: query.by }), 200)
  })
  .openapi(series, async (c) => {
    requireRole(c, 'viewer')
    const query = c.req.valid('query')
    if (query.source === undefined && query.target === undefined) throw new MeshError('bad_request', 'name a source or a target, such as target=agent/default/translator')
    return c.json(await readEdgeSeries(c.var.db, c.var.mesh, { ...readWindow(query, WINDOW_DEFAULT), source: query.source, target: query.target, by: query.by }), 200)
  })
  .openapi(breakdown, async (c) => {
    requireRole(c, 'viewer')
    const { source, target, mesh: _, ...window } = c.req.valid('query')
    if (source === undefined && target === undefined) throw new MeshError('bad_request', 'name a source or a target, such as target=agent/default/translator')
    return c.json(await readBreakdown(c.var.db, c.var.mesh, { ...readWindow(window, WINDOW_DEFAULT), source, target }), 200)
  })
