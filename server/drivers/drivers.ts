import { MeshError } from '#server/contracts/errors.ts'
import type { Db } from '#server/db/client.ts'
import type { Driver } from './driver.ts'
import { nativeDriver } from './native/driver.ts'

/** The driver of a mesh, by the kind its row says. */
export async function driverOf(db: Db, mesh: string): Promise<Driver> {
  const row = await db.prisma.mesh.findUnique({ where: { name: mesh }, select: { kind: true } })
  if (!row) throw new MeshError('not_found', `there is no mesh “${mesh}”`)
  const open = DRIVERS[row.kind]
  if (!open) throw new MeshError('unavailable', `this release has no driver for a mesh of kind “${row.kind}”`)
  return open(db)
}

const DRIVERS: Record<string, (db: Db) => Driver> = { native: nativeDriver }
