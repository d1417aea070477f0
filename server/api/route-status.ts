import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel, ObjectName } from '#server/contracts/ids.ts'
import { RouteStatus } from '#server/contracts/route-status.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import { allRoutes, type AnyRoute } from '#server/mesh/any-route.ts'
import { routeStatus } from '#server/mesh/route-status.ts'
import { requireRole, type ApiContext } from './context.ts'
import { MeshQuery, newRoutes, ok } from './routes.ts'

const statusOf = <P extends string>(path: P) =>
  createRoute({
    method: 'get',
    path,
    tags: ['Objects'],
    summary: 'The conditions of a route: does its parent take it, do its references lead somewhere',
    request: { params: z.object({ ns: DnsLabel, name: ObjectName }), query: MeshQuery },
    responses: ok(RouteStatus, 'The status as the Gateway API shapes it'),
  })

export const routeStatuses = newRoutes()
  .openapi(statusOf('/namespaces/{ns}/httproutes/{name}/status'), async (c) => c.json(await readStatus(c, 'HTTPRoute', c.req.valid('param')), 200))
  .openapi(statusOf('/namespaces/{ns}/grpcroutes/{name}/status'), async (c) => c.json(await readStatus(c, 'GRPCRoute', c.req.valid('param')), 200))

async function readStatus(c: ApiContext, kind: AnyRoute['kind'], { ns, name }: { ns: string; name: string }): Promise<RouteStatus> {
  requireRole(c, 'viewer')
  const driver = await driverOf(c.var.db, c.var.mesh)
  const state = await driver.discover(c.var.mesh)
  const route = allRoutes(state).find((one) => one.kind === kind && one.metadata.namespace === ns && one.metadata.name === name)
  if (!route) throw new MeshError('not_found', `there is no ${kind} ${ns}/${name}`)
  return routeStatus(state, route)
}
