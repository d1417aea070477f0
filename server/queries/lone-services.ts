// Who sends spans and neither calls nor is called: an agent on its first day, before it is connected to others.
import type { PoolClient } from '#server/db/pool.ts'

const SERVICES_MAX = 200

/** Node ids such as `agent/default/writer` of services with a span in the window, besides those that are known already. */
export async function readLoneServices(client: Pick<PoolClient, 'query'>, mesh: string, { from, to }: { from: Date; to: Date }, known: ReadonlySet<string>): Promise<string[]> {
  const { rows } = await client.query<{ node: string }>(
    `select distinct node from telemetry.service, concat('agent/', namespace, '/', name) as node
     where mesh = $1 and not proxy and node <> all($4) and exists (
       select 1 from telemetry.span where service_id = service.id and time >= $2 and time < $3
       and date_bin('10 seconds', time, '2000-01-01 00:00:00+00') >= date_bin('10 seconds', $2::timestamptz, '2000-01-01 00:00:00+00')
       and date_bin('10 seconds', time, '2000-01-01 00:00:00+00') < $3)
     order by node limit $5`,
    [mesh, from, to, [...known], SERVICES_MAX],
  )
  return rows.map(({ node }) => node)
}
