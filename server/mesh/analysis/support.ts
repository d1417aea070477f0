// Objects that ask for what some proxies' Envoys do not have: those proxies were sent everything else.
import type { AgentRoute } from '../../contracts/agent-route.ts'
import type { Gateway } from '../../contracts/gateway.ts'
import type { MeshState } from '../../contracts/mesh-state.ts'
import type { TrafficPolicy } from '../../contracts/traffic-policy.ts'
import { allRoutes, type AnyRoute } from '../any-route.ts'
import { OPTIONAL_EXTENSIONS, type OptionalExtension } from '../optional-extensions.ts'
import { findAgent, isExportedTo, isParent } from '../reach.ts'
import type { Tell } from './analyze.ts'

/** A proxy whose Envoy said which extensions it has, and lacks some. */
export interface LackingProxy {
  id: string
  namespace: string
  agent: string
  /** Types, as `OPTIONAL_EXTENSIONS` names them. */
  lacking: readonly string[]
}

export function analyzeSupport(state: MeshState, proxies: readonly LackingProxy[], tell: Tell): void {
  if (proxies.length === 0) return
  const told = (object: Parameters<Tell>[0], pointer: string, extension: OptionalExtension, concerns: (proxy: LackingProxy) => boolean) => {
    const { type, without } = OPTIONAL_EXTENSIONS[extension]
    const lacking = proxies.filter((proxy) => proxy.lacking.includes(type) && concerns(proxy)).map(({ id }) => id)
    if (lacking.length > 0) tell(object, pointer, 'unsupported_by_proxies', `not supported by ${lacking.length === 1 ? 'one proxy' : `${lacking.length} proxies`} (${nameSome(lacking)}), whose Envoy lacks ${type}: there ${without}`, lacking)
  }
  for (const policy of state.trafficPolicies) tellPolicy(state, policy, told)
  for (const route of allRoutes(state)) tellCors(state, route, told)
  for (const route of state.agentRoutes) if (decidesByContent(route)) told(route, '/spec/semantic', 'semantic', () => true)
}

type Told = (object: Parameters<Tell>[0], pointer: string, extension: OptionalExtension, concerns: (proxy: LackingProxy) => boolean) => void

function tellPolicy(state: MeshState, policy: TrafficPolicy, told: Told): void {
  const { namespace } = policy.metadata
  const { fault, rateLimit, loadBalancer } = policy.spec
  const targets = policy.spec.targetRefs.flatMap((target) => findAgent(state, namespace, target.name) ?? [])
  const mayCall = (proxy: LackingProxy) => targets.some((agent) => isExportedTo(agent, proxy.namespace))
  const isTarget = (proxy: LackingProxy) => proxy.namespace === namespace && policy.spec.targetRefs.some((target) => target.name === proxy.agent)
  if (fault) told(policy, '/spec/fault', 'fault', mayCall)
  if (loadBalancer?.policy === 'Utilization') told(policy, '/spec/loadBalancer/policy', 'utilization', mayCall)
  if (rateLimit) told(policy, '/spec/rateLimit', 'rateLimit', isTarget)
}

function tellCors(state: MeshState, route: AnyRoute, told: Told): void {
  for (const [rule, { filters }] of route.spec.rules.entries())
    for (const [index, filter] of filters.entries()) if (filter.type === 'CORS') told(route, `/spec/rules/${rule}/filters/${index}`, 'cors', (proxy) => serves(state, route, proxy))
}

/** Callers' proxies hold the routes of agents; the proxy that a gateway is holds those of the gateway. */
function serves(state: MeshState, route: AnyRoute, proxy: LackingProxy): boolean {
  const { namespace } = route.metadata
  return route.spec.parentRefs.some((parent) => {
    const agent = parent.kind === 'Agent' ? findAgent(state, namespace, parent.name) : undefined
    return (agent && isExportedTo(agent, proxy.namespace)) || state.gateways.some((gateway) => isProxyOf(gateway, proxy) && isParent(route, parent, 'Gateway', gateway.metadata.namespace, gateway.metadata.name))
  })
}

function isProxyOf(gateway: Gateway, proxy: LackingProxy): boolean {
  return gateway.metadata.namespace === proxy.namespace && gateway.spec.infrastructure.parametersRef.name === proxy.agent
}

function decidesByContent({ spec }: AgentRoute): boolean {
  return spec.semantic !== undefined && spec.semantic.mode !== 'off'
}

const NAMED_MAX = 3

function nameSome(ids: readonly string[]): string {
  return ids.length > NAMED_MAX ? `${ids.slice(0, NAMED_MAX).join(', ')} and ${ids.length - NAMED_MAX} more` : ids.join(', ')
}
