import type { AgentRef } from '#server/mesh/authorize.ts'
import type { Traffic } from '#server/mesh/plan.ts'
import type { Db } from '#server/db/client.ts'

const WINDOW_S = 300
const EDGES_MAX = 20_000

/** Calls between agents over the last five minutes, by the mesh's evidence, else by spans: the numbers in the words of a plan. */
export async function readTraffic(db: Db, mesh: string): Promise<Traffic[]> {
  const { rows } = await db.pool.query<{ source: string; target: string; requests: string }>(
    `select source, target, coalesce(sum(requests) filter (where evidence = 0), sum(requests) filter (where evidence = 1)) as requests
       from telemetry.edge_count b join telemetry.edge e on e.id = b.edge_id
      where e.mesh = $1 and b.resolution = 10 and b.bucket > now() - make_interval(secs => $2)
      group by source, target limit $3`,
    [mesh, WINDOW_S, EDGES_MAX],
  )
  return rows.flatMap((row): Traffic[] => {
    const [source, target] = [parseNode(row.source), parseNode(row.target)]
    return source && target ? [{ source, target, requestsPerSecond: Number(row.requests) / WINDOW_S }] : []
  })
}

/** `agent/default/writer`; other nodes (a host outside, an unknown peer) have no policy of ours. */
function parseNode(id: string): AgentRef | null {
  const match = /^(?:agent|tool|model|gateway)\/([^/]+)\/([^/]+)$/.exec(id)
  return match ? { namespace: match[1]!, agent: match[2]! } : null // two groups, both present on a match
}
