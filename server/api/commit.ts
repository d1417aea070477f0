import { driverOf } from '#server/drivers/drivers.ts'
import type { ObjectChange } from '#server/mesh/change.ts'
import { requireRole, type ApiContext } from './context.ts'

/** One revision of the mesh, by whoever asks. */
export async function commit(c: ApiContext, changes: readonly ObjectChange[], options: { reason?: string; reverts?: number }) {
  const caller = requireRole(c, 'operator')
  const driver = await driverOf(c.var.db, c.var.mesh)
  return driver.apply({ mesh: c.var.mesh, author: caller.name, reason: options.reason ?? '', reverts: options.reverts, changes })
}
