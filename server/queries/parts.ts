import type { Parts } from '#server/contracts/parts.ts'
import type { Db } from '#server/db/client.ts'

/** A control process writes every few seconds; sidecars send their counts every two, and the collector keeps a row for ten. */
const SILENCE_S = { control: 15, collector: 40 }

/** Who is heard. Silence of the collector says something only while proxies are connected, which send all the time. */
export async function readParts(db: Db, mesh: string): Promise<Parts> {
  const { rows } = await db.pool.query<{ control: Date | null; controlHere: boolean; collector: Date | null; collectorHere: boolean; senders: boolean }>(
    `select control, coalesce(control > now() - make_interval(secs => ${SILENCE_S.control}), false) as "controlHere",
       collector, coalesce(collector > now() - make_interval(secs => ${SILENCE_S.collector}), false) as "collectorHere",
       exists (select from proxy where mesh = $1 and control_id is not null and connected_at < now() - make_interval(secs => ${SILENCE_S.collector})) as senders
     from (select (select max(heartbeat_at) from control_process) as control, (select max(bucket) from telemetry.ingest) as collector) heard`,
    [mesh],
  )
  const [row] = rows
  if (!row) throw new Error('a select without a from clause that can be empty has a row')
  return {
    control: { state: row.controlHere ? 'here' : 'away', heardAt: row.control?.toISOString() ?? null },
    collector: { state: row.collectorHere ? 'here' : row.senders ? 'away' : 'unknown', heardAt: row.collector?.toISOString() ?? null },
  }
}
