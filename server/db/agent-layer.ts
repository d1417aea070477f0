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
  // One statement: it is read with every change of the mesh, over a pool that others need as well.
  const { rows } = await db.pool.query<{ what: 'health' | 'signed' | 'blocked'; key: string; value: string }>(
    `select 'health' as what, instance as key, state as value from instance_health where mesh = $1 and state <> 'ready'
     union all
     select 'signed', agent, '' from (select distinct on (namespace, agent) namespace || '/' || agent as agent, signature->>'state' as state from agent_card where mesh = $1 order by namespace, agent, number desc) newest where state = 'verified'
     union all
     select 'blocked', peer, '' from peer_decision where mesh = $1 and decision = 'block'
     order by 1, 2`,
    [mesh],
  )
  const of = (what: (typeof rows)[number]['what']) => rows.filter((row) => row.what === what)
  const states = new Map(of('health').map((row) => [row.key, InstanceHealth.parse(row.value)]))
  return {
    healthOf(instance) {
      const state = states.get(instance)
      return state ? { health: state } : {}
    },
    signedAgents: of('signed').map((row) => row.key),
    blocked: of('blocked').flatMap(({ key }) => {
      const [kind, namespace, agent] = key.split('/')
      return kind === 'agent' && namespace && agent ? [{ namespace, agent }] : []
    }),
  }
}
