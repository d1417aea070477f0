// What an agent may call by name: one virtual host an agent, so that an edit of one route re-sends one small resource.
import type { Agent } from '../contracts/agent.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { ObjectRef } from '../contracts/object.ts'
import type { BackendObject } from '../contracts/route-filters.ts'
import type { AnyRoute } from '../mesh/any-route.ts'
import { rankMatches } from '../mesh/precedence.ts'
import { ownerOf, routesOfAgent, versionsOf } from '../mesh/reach.ts'
import { trafficRulesOf } from '../mesh/traffic-policy.ts'
import { compileBackends, compileSpread, headerHash, INVALID_BACKEND_HOST } from './backends.ts'
import { refuseOutside } from './egress.ts'
import type { Json } from './encode.ts'
import { CLUSTER, meshHost, OUTBOUND } from './names.ts'
import { answerAll, backIntoMesh, catchAll, compileRoute, overConnect, terminateConnect } from './route.ts'
import { ADS } from './tls.ts'
import { INTERCEPTED_HEADER } from './transparent.ts'
import { compileFault } from './traffic.ts'

/** The virtual host's own name is the resource's: VHDS asks for `ROUTE_CONFIGURATION/HOST`. */
export function virtualHostName(agent: Agent): string {
  return `${OUTBOUND}/${meshHost(agent.metadata)}`
}

/** The object that a person edits to change this virtual host: its route, or the agent while it has none. */
export function virtualHostObject(state: MeshState, agent: Agent): ObjectRef {
  const [route] = routesOfAgent(state, agent)
  const owner = route ?? agent
  return { kind: owner.kind, namespace: owner.metadata.namespace, name: owner.metadata.name }
}

/** `namespace` is the caller's: there alone the agent's bare name is enough. */
export function compileVirtualHost(state: MeshState, agent: Agent, namespace: string): Json {
  const { name, namespace: home } = agent.metadata
  return {
    name: virtualHostName(agent),
    domains: [meshHost(agent.metadata), `${name}.${home}`, ...(home === namespace ? [name] : [])],
    ...perHost(state, agent),
    routes: compileRoutes(state, agent),
  }
}

/** All that `compileVirtualHost` and `virtualHostObject` look at besides the caller's namespace: while each is the same value, so is what they make. */
export function inputsOfVirtualHost(state: MeshState, agent: Agent): unknown[] {
  const routes = routesOfAgent(state, agent)
  const owners = routes.flatMap((route) => backendsOf(route).map((backend) => ownerOf(state, route, backend)))
  const inputsOf = (one: Agent) => [one, versionsOf(state, one), trafficRulesOf(state, one)]
  return [...inputsOf(agent), ...routes, ...owners.flatMap((owner) => (owner ? inputsOf(owner) : [null]))]
}

function backendsOf(route: AnyRoute): BackendObject[] {
  return route.spec.rules.flatMap((rule) => [...rule.backendRefs, ...rule.filters.flatMap((filter) => (filter.type === 'RequestMirror' ? [filter.requestMirror.backendRef] : []))])
}

function perHost(state: MeshState, agent: Agent): Json {
  const fault = compileFault(trafficRulesOf(state, agent).fault)
  return Object.keys(fault).length > 0 ? { typed_per_filter_config: fault } : {}
}

function compileRoutes(state: MeshState, agent: Agent): Json[] {
  const operation = `${agent.metadata.name}.${agent.metadata.namespace}`
  if (agent.spec.protocol === 'tcp') return compileTcpRoutes(state, agent, operation)
  const routes = routesOfAgent(state, agent)
  if (routes.length > 0) {
    const ranked = rankMatches(routes)
    return [backIntoMesh(), ...ranked.flatMap((match) => compileRoute(match, compileBackends(state, match.route, match.rule), operation))]
  }
  const versions = versionsOf(state, agent)
  if (versions.length === 0) return [backIntoMesh(), answerAll('no-instance', 503, `${operation} has no instance`)]
  const hash = trafficRulesOf(state, agent).loadBalancer?.hashHeader
  return [backIntoMesh(), catchAll('default', { ...compileSpread(versions), ...(hash ? { hash_policy: [headerHash(hash)] } : {}) }, operation)]
}

/** A CONNECT to a TCP agent goes on to its sidecar, inside mutual TLS; towards instances listed by hand it ends here. */
function compileTcpRoutes(state: MeshState, agent: Agent, operation: string): Json[] {
  const versions = versionsOf(state, agent)
  const byHand = versions.length > 0 && versions.every((version) => version.instances.length > 0 && version.instances.every((instance) => !instance.tls))
  const ranked = rankMatches(routesOfAgent(state, agent)).flatMap((match) => compileRoute(match, compileBackends(state, match.route, match.rule), operation))
  const [routed] = ranked.filter((route) => route['route'])
  const route = routed ?? (versions.length > 0 ? catchAll('default', compileSpread(versions), operation) : null)
  const refusal = answerAll('tcp', 400, `${operation} speaks TCP: connect by CONNECT`)
  return route ? [overConnect(route, { terminate: byHand }), refusal] : [{ ...answerAll('no-instance', 503, `${operation} has no instance`), match: { connect_matcher: {} } }, refusal]
}

/** Virtual hosts arrive by VHDS, one resource each; a proxy that speaks state-of-the-world gets them inside (`inline`). `refusal`: of hosts that nobody named. */
export function compileOutboundRoutes({ inline, refusal }: { inline?: readonly Json[]; refusal: string | null }): Json {
  return {
    name: OUTBOUND,
    ignore_port_in_host_matching: true,
    request_headers_to_remove: [INTERCEPTED_HEADER],
    virtual_hosts: [...compileFixedHosts(refusal), ...(inline ?? [])],
    ...(inline ? {} : { vhds: { config_source: ADS } }),
  }
}

/** Hosts that no agent has: names of the mesh that lead nowhere, ourselves, and the world outside. */
function compileFixedHosts(refusal: string | null): Json[] {
  const original = refusal === null ? [toOriginal()] : []
  return [
    { name: 'invalid-backend', domains: [INVALID_BACKEND_HOST], routes: [answerAll('invalid-backend', 500, 'this backend of the route does not exist')] },
    // Without this a call that forgot its Host would come back to this listener as one to the outside, again and again.
    {
      name: 'self',
      domains: ['127.0.0.1', 'localhost', '[::1]'],
      routes: [...original, answerAll('self', 404, 'this is the sidecar: set Host to NAME.NAMESPACE.mesh, or use it as an HTTP proxy')],
    },
    { name: 'unknown', domains: ['*.mesh'], routes: [backIntoMesh(), answerAll('unknown', 404, 'no agent of this name can be called from here')] },
    { name: CLUSTER.external, domains: ['*'], routes: refusal === null ? [toOriginal(), terminateConnect(CLUSTER.external, { traced: true }), catchAll(CLUSTER.external, { cluster: CLUSTER.external }, 'external')] : refuseOutside(refusal) },
  ]
}

/** What was intercepted on its way to somebody the mesh does not know goes where it was going, whatever its Host says. */
function toOriginal(): Json {
  const route = catchAll(CLUSTER.direct, { cluster: CLUSTER.direct }, 'external')
  return { ...route, match: { prefix: '/', headers: [{ name: INTERCEPTED_HEADER, present_match: true }] } }
}
