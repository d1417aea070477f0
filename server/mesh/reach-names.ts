// Which names lead to which agents: an agent's own name where no route turns it away, another's whose route sends calls there, and
// the names of what is asked for rather than who.
import type { Agent } from '../contracts/agent.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { AnyRoute } from './any-route.ts'
import { agentKey, capabilityHost, findCandidates, findRef, offeredCapabilities } from './capability.ts'
import { isExportedTo, ownerOf, reachableAgents, routesOfAgent } from './reach.ts'

/** For callers in `namespace`: `namespace/agent` → the names under `.mesh` that may bring a call to it. */
export function namesByAgent(state: MeshState, namespace: string): Map<string, string[]> {
  const names = new Map<string, string[]>()
  const put = (agent: Agent, name: string) => {
    const known = names.get(agentKey(agent)) ?? []
    if (!known.includes(name)) names.set(agentKey(agent), [...known, name])
  }
  for (const named of reachableAgents(state, namespace)) for (const agent of answerersOf(state, named)) put(agent, `${named.metadata.name}.${named.metadata.namespace}.mesh`)
  for (const route of state.agentRoutes) {
    const fallback = route.spec.fallback && findRef(state, route, route.spec.fallback)
    const chosen = findCandidates(state, route, namespace).map(({ agent }) => agent)
    const hosts = [`${route.metadata.name}.${route.metadata.namespace}.route.mesh`, ...route.spec.hostnames]
    for (const agent of fallback && isExportedTo(fallback, namespace) ? [...chosen, fallback] : chosen) for (const host of hosts) put(agent, host)
  }
  const offered = new Map(offeredCapabilities(state, namespace).map((one) => [one.id, one]))
  for (const agent of reachableAgents(state, namespace))
    for (const { id } of agent.spec.capabilities) {
      const one = offered.get(id)
      if (one?.route === null) put(agent, capabilityHost(one.label))
    }
  return names
}

/** Agents that calls to an agent's own name may come to: itself, or the backends and mirrors of its routes. */
function answerersOf(state: MeshState, named: Agent): Agent[] {
  const routes = routesOfAgent(state, named)
  return routes.length === 0 ? [named] : [...new Set(routes.flatMap((route) => backendsOf(state, route)))]
}

function backendsOf(state: MeshState, route: AnyRoute): Agent[] {
  const weighed = route.spec.rules.flatMap((rule) => rule.backendRefs.filter((backend) => backend.weight > 0))
  const mirrored = route.spec.rules.flatMap((rule) => rule.filters.flatMap((filter) => (filter.type === 'RequestMirror' ? [filter.requestMirror.backendRef] : [])))
  return [...weighed, ...mirrored].flatMap((backend) => {
    const owner = ownerOf(state, route, backend)
    return owner && isExportedTo(owner, route.metadata.namespace) ? [owner] : []
  })
}
