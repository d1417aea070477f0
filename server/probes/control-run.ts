// Probes as control sees them: which sidecar runs which, what they found, and those that control itself sends to instances without a sidecar.
import type { HealthProbe, HealthProbeSpec, ProbeOrder, ProbeResult } from '../contracts/health-probe.ts'
import { messageOf } from '../contracts/errors.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { electLeader } from '../db/leader.ts'
import type { Outside } from '../fetch/fetch.ts'
import { instancesOf } from '../mesh/reach.ts'
import { startProbing, type Probing } from './schedule.ts'
import { sweepHealth, takeResults, type Similarity } from './take-results.ts'

const LOOK_MS = 250
const SWEEP_MS = 2000

export interface ProbesOptions {
  db: Db
  mesh: string
  outside: Outside
  state: () => MeshState | null
  similarity: Similarity
  onError(error: Error): void
}

export interface Probes extends AsyncDisposable {
  ordersOf(agent: { namespace: string; agent: string }): ProbeOrder[]
  take(from: { namespace: string; agent: string; proxyId: string }, results: readonly ProbeResult[]): Promise<void>
}

export function startProbes(options: ProbesOptions): Probes {
  const { db, mesh, state, similarity, onError } = options
  const leader = electLeader(db.url, { name: 'probes', onError, lead: (signal) => leadProbes(options, signal) })
  return {
    ordersOf: (agent) => probesOf(state(), agent, 'sidecar').map(orderOf),
    async take({ namespace, agent, proxyId }, results) {
      const specs = new Map(probesOf(state(), { namespace, agent }, 'sidecar').map((probe) => [nameOf(probe), probe.spec]))
      await takeResults(db, { mesh, instance: proxyId, namespace, agent }, results, specs, similarity)
    },
    [Symbol.asyncDispose]: () => leader[Symbol.asyncDispose](),
  }
}

function probesOf(state: MeshState | null, { namespace, agent }: { namespace: string; agent: string }, from: HealthProbeSpec['from']): HealthProbe[] {
  return (state?.probes ?? []).filter((probe) => probe.metadata.namespace === namespace && probe.spec.from === from && probe.spec.targetRefs.some((target) => target.name === agent))
}

const nameOf = ({ metadata }: HealthProbe) => `${metadata.namespace}/${metadata.name}`
const orderOf = (probe: HealthProbe): ProbeOrder => ({ probe: nameOf(probe), spec: probe.spec })

interface ProbedFromHere {
  probing: Probing
  namespace: string
  agent: string
  id: string
}

/** One control process probes what has no sidecar, and clears away what nobody asks for any more. */
async function leadProbes(options: ProbesOptions, signal: AbortSignal): Promise<void> {
  const { db, mesh, state, outside, onError } = options
  const running = new Map<string, ProbedFromHere>()
  let lastSweep = 0
  let followed: MeshState | null = null
  try {
    while (!signal.aborted) {
      const present = state()
      if (present && present !== followed) followInstances(present, running, outside)
      followed = present
      try {
        for (const one of running.values()) await storeResults(options, present, one)
        if (Date.now() - lastSweep > SWEEP_MS) {
          lastSweep = Date.now()
          await sweepHealth(db, mesh)
        }
      } catch (error) {
        onError(new Error(`cannot store what probes found: ${messageOf(error)}`))
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  } finally {
    for (const { probing } of running.values()) probing[Symbol.dispose]()
  }
}

/** What cannot be stored waits for the next turn. */
async function storeResults({ db, mesh, similarity }: ProbesOptions, state: MeshState | null, { probing, namespace, agent, id }: ProbedFromHere): Promise<void> {
  const results = probing.take()
  if (results.length === 0) return
  const specs = new Map(probesOf(state, { namespace, agent }, 'control').map((probe) => [nameOf(probe), probe.spec]))
  try {
    await takeResults(db, { mesh, instance: id, namespace, agent }, results, specs, similarity)
  } catch (error) {
    probing.putBack(results)
    throw error
  }
}

function followInstances(state: MeshState, running: Map<string, ProbedFromHere>, outside: Outside): void {
  const wanted = new Set<string>()
  for (const agent of state.agents) {
    const { namespace, name } = agent.metadata
    const orders = probesOf(state, { namespace, agent: name }, 'control').map(orderOf)
    if (orders.length === 0) continue
    for (const { address, port } of instancesOf(state, agent).filter((instance) => !instance.tls)) {
      const id = `static/${namespace}/${name}/${address}:${port}` // as discovery names it
      wanted.add(id)
      let one = running.get(id)
      if (!one) {
        const host = address.includes(':') ? `[${address}]` : address
        running.set(id, (one = { probing: startProbing({ outside, origin: `http://${host}:${port}` }, () => {}), namespace, agent: name, id }))
      }
      one.probing.follow(orders)
    }
  }
  for (const [id, { probing }] of running) {
    if (wanted.has(id)) continue
    probing[Symbol.dispose]()
    running.delete(id)
  }
}
