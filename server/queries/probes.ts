import type { ProbedInstance, ProbeEvent } from '#server/contracts/registry.ts'
import { InstanceHealth } from '#server/contracts/health-probe.ts'
import type { Db } from '#server/db/client.ts'

export interface ProbeFilter {
  namespace?: string
  agent?: string
  limit: number
}

/** Instances that probes look at. Those that are not ready first. */
export async function readProbed(db: Db, mesh: string, { namespace, agent, limit }: ProbeFilter): Promise<ProbedInstance[]> {
  const { rows } = await db.pool.query<{ instance: string; namespace: string; agent: string; state: string; reason: string; since: Date; probes: ProbedInstance['probes'] }>(
    `select h.instance, h.namespace, h.agent, h.state, h.reason, h.since, coalesce(jsonb_agg(jsonb_build_object('probe', s.probe, 'state', s.state, 'ok', s.ok, 'inARow', s.in_a_row, 'reason', s.reason, 'latencyMs', s.latency_ms, 'checkedAt', s.checked_at) order by s.probe) filter (where s.probe is not null), '[]') as probes
     from instance_health h left join probe_state s on s.mesh = h.mesh and s.instance = h.instance
     where h.mesh = $1 and ($2::text is null or h.namespace = $2) and ($3::text is null or h.agent = $3)
     group by h.mesh, h.instance, h.namespace, h.agent, h.state, h.reason, h.since order by h.state = 'ready', h.namespace, h.agent, h.instance limit $4`,
    [mesh, namespace ?? null, agent ?? null, limit],
  )
  return rows.map((row) => ({ ...row, state: InstanceHealth.parse(row.state), since: row.since.toISOString() }))
}

/** Changes of state, newest first. */
export async function readProbeEvents(db: Db, mesh: string, { namespace, agent, limit }: ProbeFilter): Promise<ProbeEvent[]> {
  const { rows } = await db.pool.query<Omit<ProbeEvent, 'at'> & { at: Date }>(
    `select at, namespace, agent, instance, probe, was, became, reason from probe_event
     where mesh = $1 and ($2::text is null or namespace = $2) and ($3::text is null or agent = $3) order by at desc, id desc limit $4`,
    [mesh, namespace ?? null, agent ?? null, limit],
  )
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }))
}
