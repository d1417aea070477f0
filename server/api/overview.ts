import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel } from '#server/contracts/ids.ts'
import { AgentDetail, AgentSummary, Overview } from '#server/contracts/overview.ts'
import { readAgentDetail } from '#server/queries/agent-detail.ts'
import { readAgentFacts, summariseAgents } from '#server/queries/agents.ts'
import { readGraph } from '#server/queries/graph.ts'
import { readOverview } from '#server/queries/overview.ts'
import { requireRole, type ApiContext } from './context.ts'
import { MeshQuery, newRoutes, ok } from './routes.ts'
import { readWindow, WindowQuery } from './window.ts'

const tags = ['Overview']
const WINDOW_DEFAULT = '15m'
const query = MeshQuery.extend(WindowQuery)

const overview = createRoute({ method: 'get', path: '/overview', tags, summary: 'What is worst, what waits, is the mesh itself well', request: { query }, responses: ok(Overview, 'All of one window') })
const summaries = createRoute({
  method: 'get',
  path: '/agent-summaries',
  tags,
  summary: 'Registered agents and unknown peers, worst first, with their level and what they did in the window',
  request: { query },
  responses: ok(z.object({ from: z.string(), to: z.string(), items: z.array(AgentSummary) }), 'Agents'),
})
const detail = createRoute({
  method: 'get',
  path: '/agent-summaries/{ns}/{name}',
  tags,
  summary: 'One agent: instances, versions, callers, policies, level',
  request: { params: z.object({ ns: DnsLabel, name: z.string().min(1).max(253) }), query },
  responses: ok(AgentDetail, 'The agent'),
})

const doors = createRoute({
  method: 'get',
  path: '/doors',
  tags,
  summary: 'Where agents send telemetry and sidecars enrol',
  responses: ok(z.object({ otlpHttp: z.string(), otlpGrpc: z.string(), control: z.string() }), 'Addresses, by the name that the console is reached at'),
})

export const overviewRoutes = newRoutes()
  .openapi(doors, (c) => {
    requireRole(c, 'viewer')
    const { publicUrl, tlsCert, otlpHttpPort, otlpGrpcPort, xdsPort } = c.var.config
    const { hostname } = new URL(publicUrl)
    const scheme = tlsCert === '' ? 'http' : 'https' // what the collector speaks; something else may put TLS before the console
    return c.json({ otlpHttp: `${scheme}://${hostname}:${otlpHttpPort}`, otlpGrpc: `${scheme}://${hostname}:${otlpGrpcPort}`, control: `${hostname}:${xdsPort}` }, 200)
  })
  .openapi(overview, async (c) => {
    requireRole(c, 'viewer')
    return c.json(await readOverview(c.var.db, c.var.mesh, await graphOf(c, c.req.valid('query'))), 200)
  })
  .openapi(summaries, async (c) => {
    requireRole(c, 'viewer')
    const graph = await graphOf(c, c.req.valid('query'))
    return c.json({ from: graph.from, to: graph.to, items: summariseAgents(await readAgentFacts(c.var.db, c.var.mesh), graph) }, 200)
  })
  .openapi(detail, async (c) => {
    requireRole(c, 'viewer')
    const { ns, name } = c.req.valid('param')
    const found = await readAgentDetail(c.var.db, c.var.mesh, await graphOf(c, c.req.valid('query')), { namespace: ns, name })
    if (!found) throw new MeshError('not_found', `there is no agent ${ns}/${name}, and none of this name was seen in this time`)
    return c.json(found, 200)
  })

function graphOf(c: ApiContext, window: Parameters<typeof readWindow>[0]) {
  return readGraph(c.var.db, c.var.mesh, { ...readWindow(window, WINDOW_DEFAULT), by: 'agent' })
}
