// Who sends spans and neither calls nor is called: an agent on its first day, before it is connected to others.
import type { PoolClient } from '#server/db/pool.ts'

const SERVICES_MAX = 200

/** Node ids such as `agent/default/writer` of services with a span in the window, besides those that are known already. */
export async function readLoneServices(client: Pick<PoolClient, 'query'>, mesh: string, { from, to }: { from: Date; to: Date }, known: ReadonlySet<string>): Promise<string[]> {
  const { rows } = await client.query<{ node: string }>(LONE, [mesh, from, to, [...known], SERVICES_MAX])
  return rows.map(({ node }) => node)
}

// A part has the newest of its spans in its minute, and the others less than a minute before.
const LONE = `
  select distinct node from telemetry.service, concat('agent/', namespace, '/', name) as node
  where mesh = $1 and not proxy and node <> all($4) and exists (
    select from telemetry.span_minute cross join lateral (
      select from telemetry.span where part_time >= minute and part_time < minute + interval '1 minute' and part_time >= $2 and part_time < $3::timestamptz + interval '1 minute'
        and part_services @> array[service.id] and service_id = service.id and time >= $2 and time < $3 limit 1) sent
    where span_minute.service_id = service.id and minute > $2::timestamptz - interval '1 minute' and minute < $3::timestamptz + interval '1 minute')
  order by node limit $5`
