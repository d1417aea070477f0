import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Graph, Series } from '#server/contracts/telemetry.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { readEdgeSeries } from '#server/queries/edge-series.ts'
import { readGraph } from '#server/queries/graph.ts'
import { requireRole } from './context.ts'
import { MeshQuery, newRoutes, ok } from './routes.ts'
import { readWindow, WindowQuery } from './window.ts'

const tags = ['Graph']
const WINDOW_DEFAULT = '5m'
const NODE_ID = z.string().min(1).max(512)

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
  summary: 'Requests, errors and p95 of an edge or of an agent over a window, by version when asked',
  request: { query: MeshQuery.extend(WindowQuery).extend({ source: NODE_ID.optional(), target: NODE_ID.optional(), by: z.enum(['agent', 'version']).default('agent') }) },
  responses: ok(Series, 'Steps of equal length'),
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
