// What the mesh has learned of its agents beyond what operators wrote: health, verified cards, who is blocked.
import { InstanceHealth } from '../contracts/health-probe.ts'
import type { Db } from './client.ts'

export interface AgentLayer {
  /** `{}` for an instance that no probe looks at, or that is ready. */
  healthOf(instance: string): { health?: InstanceHealth }
  signedAgents: string[]
  /** Peers that a person blocked, by the name they claim. */
  blocked: { namespace: string; agent: string }[]
}

export async function readAgentLayer(db: Db, mesh: string): Promise<AgentLayer> {
  const [health, signed, blocked] = await Promise.all([
    db.pool.query<{ instance: string; state: string }>(`select instance, state from instance_health where mesh = $1 and state <> 'ready'`, [mesh]),
    db.pool.query<{ agent: string }>(
      `select agent from (select distinct on (namespace, agent) namespace || '/' || agent as agent, signature->>'state' as state from agent_card where mesh = $1 order by namespace, agent, number desc) newest
       where state = 'verified' order by agent`,
      [mesh],
    ),
    db.pool.query<{ peer: string }>(`select peer from peer_decision where mesh = $1 and decision = 'block' order by peer`, [mesh]),
  ])
  const states = new Map(health.rows.map((row) => [row.instance, InstanceHealth.parse(row.state)]))
  return {
    healthOf(instance) {
      const state = states.get(instance)
      return state ? { health: state } : {}
    },
    signedAgents: signed.rows.map((row) => row.agent),
    blocked: blocked.rows.flatMap(({ peer }) => {
      const [kind, namespace, agent] = peer.split('/')
      return kind === 'agent' && namespace && agent ? [{ namespace, agent }] : []
    }),
  }
}
