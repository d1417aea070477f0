import { z } from 'zod'
import { HeartbeatRequest } from '#server/contracts/sidecar.ts'
import type { ProxyView } from '#server/contracts/mesh-state.ts'
import type { Db } from '#server/db/client.ts'

const Endpoints = z.object({ address: z.string(), inboundPort: z.number(), outboundPort: z.number(), agentTarget: HeartbeatRequest.shape.agentTarget, transparent: HeartbeatRequest.shape.transparent, zone: HeartbeatRequest.shape.zone })

/** Connected proxies as the compiler sees them; one that has not told its ports yet is left out. */
export async function readProxyViews(db: Db, mesh: string): Promise<ProxyView[]> {
  const rows = await db.prisma.proxy.findMany({ where: { mesh, controlId: { not: null } }, orderBy: { id: 'asc' } })
  return rows.flatMap(({ id, namespace, agent, version, endpoints }) => {
    const told = Endpoints.safeParse(endpoints)
    return told.success ? [{ id, namespace, agent, version, ...told.data }] : []
  })
}
