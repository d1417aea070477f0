import type { Db } from '#server/db/client.ts'

export interface SoughtIds {
  services: number[]
  classes: number[] | null
}

/** Numbers of the services of a mesh that a search names, or all of them, and of the classes of spans with the name it asks for; null when it asks for none. */
export async function readSoughtIds(db: Db, mesh: string, { service, operation }: { service?: string; operation?: string }): Promise<SoughtIds> {
  const { rows } = await db.pool.query<{ id: number }>(`select id from telemetry.service where mesh = $1 and ($2::text is null or name = $2 or namespace || '/' || name = $2) order by id`, [mesh, service ?? null])
  const services = rows.map(({ id }) => id)
  if (operation === undefined) return { services, classes: null }
  const { rows: classes } = await db.pool.query<{ id: number }>('select span_class.id from telemetry.span_class join telemetry.operation on operation.id = operation_id where operation.name = $1 and span_class.service_id = any($2)', [operation, services])
  return { services, classes: classes.map(({ id }) => id) }
}
