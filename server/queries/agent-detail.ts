import type { AgentDetail } from '#server/contracts/overview.ts'
import { spiffeIdOf } from '#server/contracts/ids.ts'
import type { MeshState } from '#server/contracts/mesh-state.ts'
import type { Graph } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { readMeshState } from '#server/db/mesh-state.ts'
import { agentId, readAgentFacts, readAgentInstances, summariseAgents } from './agents.ts'

/** One agent with its instances, callers, policies and routes; null when nobody of this name is registered or was seen. */
export async function readAgentDetail(db: Db, mesh: string, graph: Graph, at: { namespace: string; name: string }): Promise<AgentDetail | null> {
  const [facts, state, items] = await Promise.all([readAgentFacts(db, mesh), readMeshState(db, mesh), readAgentInstances(db, mesh, at.namespace, at.name)])
  const id = agentId(at.namespace, at.name)
  const summary = summariseAgents(facts, graph).find((agent) => agent.id === id)
  if (!summary) return null
  const object = facts.find((fact) => agentId(fact.agent.metadata.namespace, fact.agent.metadata.name) === id)?.agent ?? null
  const callers = graph.edges.filter((edge) => edge.target === id)
  const worst = callers.toSorted((a, b) => (b.latencyMs?.p95 ?? 0) - (a.latencyMs?.p95 ?? 0))[0]
  return {
    ...summary,
    from: graph.from,
    to: graph.to,
    description: object?.spec.description ?? '',
    owner: object?.spec.owner ?? '',
    mtls: object?.spec.mtls ?? null,
    capabilities: object?.spec.capabilities ?? [],
    spiffeId: summary.level === 'traces' ? null : spiffeIdOf(state.trustDomain, at.namespace, at.name),
    resourceVersion: object?.metadata.resourceVersion ?? null,
    latencyMs: worst?.latencyMs ?? null,
    refused: callers.reduce((sum, edge) => sum + edge.refused, 0),
    received: graph.nodes.find((node) => node.id === id)?.versions ?? [],
    items,
    callers,
    callees: graph.edges.filter((edge) => edge.source === id),
    ...findRules(state, at),
  }
}

/** Policies that select the agent, and routes whose parent it is. */
function findRules(state: MeshState, { namespace, name }: { namespace: string; name: string }): Pick<AgentDetail, 'policies' | 'routes'> {
  return {
    policies: state.policies
      .filter((policy) => policy.metadata.namespace === namespace && policy.spec.targetRefs.some((target) => target.name === name))
      .map((policy) => ({ namespace, name: policy.metadata.name, action: policy.spec.action })),
    routes: state.routes
      .filter((route) => route.spec.parentRefs.some((parent) => parent.kind === 'Agent' && parent.name === name && (parent.namespace ?? route.metadata.namespace) === namespace))
      .map((route) => ({ namespace: route.metadata.namespace, name: route.metadata.name })),
  }
}
