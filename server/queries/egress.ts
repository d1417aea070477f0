import type { EgressHost } from '#server/contracts/egress.ts'
import type { ExternalService } from '#server/contracts/external-service.ts'
import type { MeshState } from '#server/contracts/mesh-state.ts'
import type { Graph, GraphEdge } from '#server/contracts/telemetry.ts'
import { egressOf, serviceOf, servicesFor } from '#server/mesh/egress.ts'
import { compareText } from '#server/mesh/precedence.ts'

type Call = Pick<GraphEdge, 'requests' | 'errors' | 'refused' | 'protocol'> & { agent: string }

/** Pure: who called what outside, by the graph of one window, and what the mesh says of it. Unknown hosts first, then by calls. */
export function listEgress(state: MeshState, graph: Pick<Graph, 'nodes' | 'edges'>): EgressHost[] {
  const called = callsOf(graph)
  const rows = [...called.values()].map(({ namespace, host, calls }) => describe(state, { namespace, host, calls }))
  const silent = namespacesOf(state).flatMap((namespace) => servicesFor(state, { namespace, agent: '' }).filter(({ service }) => service.metadata.namespace === namespace && !called.has(`${namespace} ${service.spec.host}`)).map(({ service }) => describe(state, { namespace, host: service.spec.host, calls: [] })))
  const rank = { unknown: 0, refused: 1, allowed: 2, blocked: 2 }
  return [...rows, ...silent].sort((a, b) => rank[a.state] - rank[b.state] || b.requests - a.requests || compareText(a.host, b.host) || compareText(a.namespace, b.namespace))
}

function callsOf({ nodes, edges }: Pick<Graph, 'nodes' | 'edges'>) {
  const known = new Map(nodes.map((node) => [node.id, node]))
  const called = new Map<string, { namespace: string; host: string; calls: Call[] }>()
  for (const { source, target, requests, errors, refused, protocol } of edges) {
    const [from, to] = [known.get(source), known.get(target)]
    if (from?.kind === 'external' || from?.namespace == null || to?.kind !== 'external') continue
    const key = `${from.namespace} ${to.name}`
    const found = called.get(key) ?? { namespace: from.namespace, host: to.name, calls: [] }
    found.calls.push({ agent: from.name, requests, errors, refused, protocol })
    called.set(key, found)
  }
  return called
}

function describe(state: MeshState, { namespace, host, calls }: { namespace: string; host: string; calls: readonly Call[] }): EgressHost {
  const service = serviceOf(state, namespace, host)
  const callers = calls.map(({ agent, requests, errors, refused }) => ({ agent, requests, errors, refused, refusal: egressOf(state, { namespace, agent }, host).refusal }))
  const sum = (of: (call: Call) => number) => calls.reduce((total, call) => total + of(call), 0)
  return {
    host,
    namespace,
    state: service ? (service.spec.access === 'Block' ? 'blocked' : 'allowed') : callers.every(({ refusal }) => refusal !== null) ? 'refused' : 'unknown',
    service: service && refOf(service),
    tls: service?.spec.tls.mode ?? null,
    credential: service?.spec.credential?.name ?? null,
    protocol: calls[0]?.protocol ?? null,
    callers,
    requests: sum((call) => call.requests),
    errors: sum((call) => call.errors),
    refused: sum((call) => call.refused),
  }
}

function refOf({ metadata: { namespace, name, resourceVersion = '' } }: ExternalService) {
  return { namespace, name, resourceVersion }
}

function namespacesOf(state: MeshState): string[] {
  return [...new Set(state.externalServices.map((service) => service.metadata.namespace))]
}
