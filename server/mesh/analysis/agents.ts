import type { MeshState } from '../../contracts/mesh-state.ts'
import { agentVersionName } from '../../contracts/ids.ts'
import { allRoutes } from '../any-route.ts'
import { isParent, versionsOf } from '../reach.ts'
import type { Tell } from './analyze.ts'

export function analyzeAgents(state: MeshState, tell: Tell): void {
  const owners = new Map<string, string>()
  const homes = Map.groupBy(state.agents, (agent) => agent.metadata.name)
  for (const agent of state.agents) {
    const { namespace, name } = agent.metadata
    if (agent.spec.instances.length > 0) tell(agent, '/spec/instances', 'plaintext_backend', `${agent.spec.instances.length} of its addresses have no sidecar: calls to them are not encrypted, and nobody proves who answers`)
    for (const { version } of versionsOf(state, agent)) {
      const key = `${namespace}/${agentVersionName(name, version)}`
      const owner = owners.get(key)
      if (owner !== undefined && owner !== name) tell(agent, '', 'version_name_ambiguous', `“${agentVersionName(name, version)}” is version ${version} of ${name}, and a version of ${owner} too`)
      owners.set(key, name)
    }
    const others = (homes.get(name) ?? []).filter((other) => other !== agent && other.spec.exportTo.length > 0)
    if (others.length > 0) tell(agent, '', 'name_in_namespaces', `namespace ${others.map((other) => other.metadata.namespace).join(', ')} has an agent of this name too`)
  }
  for (const gateway of state.gateways)
    for (const [index, listener] of gateway.spec.listeners.entries()) {
      const attached = allRoutes(state).some((route) =>
        route.spec.parentRefs.some((parent) => isParent(route, parent, 'Gateway', gateway.metadata.namespace, gateway.metadata.name) && (parent.sectionName ?? listener.name) === listener.name && (parent.port ?? listener.port) === listener.port),
      )
      if (!attached) tell(gateway, `/spec/listeners/${index}`, 'gateway_without_route', `no route is attached to listener “${listener.name}”`)
    }
}
