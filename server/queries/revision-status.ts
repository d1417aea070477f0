// Has the mesh taken a revision? Answered from what each proxy acknowledged, and from nothing else.
import { MeshError } from '../contracts/errors.ts'
import type { RevisionStatus } from '../contracts/status.ts'
import type { z } from 'zod'
import { RefusedBy } from '../contracts/status.ts'
import type { Db } from '../db/client.ts'

type Status = z.infer<typeof RevisionStatus>

interface Row {
  proxy: string
  state: 'pending' | 'accepted' | 'rejected' | 'superseded'
  refusal: unknown
}

/** `of` counts the proxies that need the revision; while a control process has not yet named its own, the state is pending. */
export async function readRevisionStatus(db: Db, mesh: string, revision: number): Promise<Status> {
  const { rows } = await db.pool.query<{ accepted_at: Date | null; named: boolean; proxies: Row[]; disconnected: string[] }>(
    `select r.accepted_at,
       exists (select from control_process) and not exists (select from control_process c where coalesce((c.compiled->>$1)::int, 0) < $2) as named,
       coalesce((select jsonb_agg(jsonb_build_object('proxy', p.proxy, 'state', p.state, 'refusal', p.refusal) order by p.proxy)
         from revision_proxy p join proxy x on x.mesh = p.mesh and x.id = p.proxy where p.mesh = $1 and p.revision = $2), '[]') as proxies,
       array(select x.id from proxy x where x.mesh = $1 and x.control_id is null and (x.connected_at is not null or x.disconnected_at is not null)
         and not exists (select from revision_proxy p where p.mesh = $1 and p.revision = $2 and p.proxy = x.id and p.state <> 'pending') order by x.id limit 1000) as disconnected
     from revision r where r.mesh = $1 and r.number = $2`,
    [mesh, revision],
  )
  const [found] = rows
  if (!found) throw new MeshError('not_found', `there is no revision ${revision} in the mesh “${mesh}”`)
  const of = (state: Row['state']) => found.proxies.filter((row) => row.state === state)
  const rejected = of('rejected').map((row) => RefusedBy.parse(row.refusal ?? { proxy: row.proxy, typeUrl: '', resource: '', object: null, pointer: null, reason: 'refused' }))
  return {
    revision,
    state: stateOf(found, of),
    of: found.proxies.length,
    accepted: of('accepted').length,
    pending: of('pending').map((row) => row.proxy),
    rejected,
    disconnected: found.disconnected,
    evidence: 'acked',
    acceptedAt: found.accepted_at?.toISOString() ?? null,
  }
}

/** A refusal decides, however many took it; a revision that was replaced before it reached a proxy was never whole. */
function stateOf(found: { accepted_at: Date | null; named: boolean }, of: (state: Row['state']) => Row[]): Status['state'] {
  if (of('rejected').length > 0) return 'rejected'
  if (of('pending').length > 0) return 'pending'
  if (of('superseded').length > 0) return 'superseded'
  return found.accepted_at || found.named ? 'accepted' : 'pending'
}
