// What is known of an agent besides its skills: health, load, latency, price, each from 0 (worst) to 1 (best).
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { mayCall } from '../mesh/authorize.ts'
import { agentKey, type Candidate } from '../mesh/capability.ts'
import { tenthsOf, TENTHS_WHOLE, usableWeight } from '../mesh/instance-health.ts'
import type { AgentMeasures } from './decide.ts'

/** What changes by the second, by `namespace/agent`. */
export interface Lately {
  /** Tasks sent there in the last `LATELY_MS`. */
  tasks: ReadonlyMap<string, number>
  /** Mean milliseconds of a call in the last five minutes, by what the mesh measured. */
  latencyMs: ReadonlyMap<string, number>
}

export const LATELY_MS = 10_000
export const NOTHING_LATELY: Lately = { tasks: new Map(), latencyMs: new Map() }

/** `caller` null is somebody outside the mesh's policies: a person who tries something out. */
export function measureCandidates(state: MeshState, candidates: readonly Candidate[], caller: { namespace: string; agent: string } | null, lately: Lately): Map<string, AgentMeasures> {
  const keys = candidates.map(({ agent }) => agentKey(agent))
  const perWeight = new Map(candidates.map((candidate) => [agentKey(candidate.agent), (lately.tasks.get(agentKey(candidate.agent)) ?? 0) / Math.max(1, weightOf(candidate))]))
  const [mostTasks, slowest] = [Math.max(0, ...perWeight.values()), Math.max(0, ...keys.map((key) => lately.latencyMs.get(key) ?? 0))]
  const dearest = Math.max(0, ...candidates.map(({ agent }) => agent.spec.price ?? 0))
  return new Map(
    candidates.map((candidate) => {
      const { agent } = candidate
      const key = agentKey(agent)
      const target = { namespace: agent.metadata.namespace, agent: agent.metadata.name }
      return [
        key,
        {
          usable: weightOf(candidate) > 0,
          allowed: caller === null || mayCall(state, caller, target) !== 'none',
          health: healthOf(candidate),
          load: 1 - shareOf(perWeight.get(key) ?? 0, mostTasks),
          latency: 1 - shareOf(lately.latencyMs.get(key) ?? slowest / 2, slowest), // one that was not measured stands in the middle
          price: 1 - shareOf(agent.spec.price ?? dearest / 2, dearest),
        },
      ] as const
    }),
  )
}

const weightOf = ({ versions }: Candidate) => versions.flatMap(({ instances }) => instances).reduce((sum, instance) => sum + usableWeight(instance), 0)

function healthOf({ versions }: Candidate): number {
  const instances = versions.flatMap((version) => version.instances)
  if (instances.length === 0) return 0
  return instances.reduce((sum, instance) => sum + tenthsOf(instance) / TENTHS_WHOLE, 0) / instances.length
}

function shareOf(value: number, most: number): number {
  return most === 0 ? 0 : value / most
}

/** Mean durations by callee. An empty map where the telemetry cannot be read: then latency says nothing. */
export async function readLatencies(db: Db, mesh: string): Promise<Map<string, number>> {
  const { rows } = await db.pool.query<{ agent: string; ms: number }>(
    `select substring(edge.target from 7) as agent, (sum(duration_us) / sum(requests) / 1000)::float8 as ms
     from telemetry.edge_count join telemetry.edge on edge.id = edge_id
     where edge.mesh = $1 and edge.target like 'agent/%' and resolution = 10 and bucket >= now() - interval '5 minutes' and evidence = 0
     group by 1 having sum(requests) > 0 limit 10000`,
    [mesh],
  )
  return new Map(rows.map((row) => [row.agent, row.ms]))
}
