// Plain HTTP from outside the mesh, on the sidecar of the agent that the Gateway's parametersRef names.
import type { Gateway, GatewayListener as Listener } from '../contracts/gateway.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState, ProxyView } from '../contracts/mesh-state.ts'
import { allRoutes, type AnyRoute } from '../mesh/any-route.ts'
import { compareText, rankMatches } from '../mesh/precedence.ts'
import { isParent } from '../mesh/reach.ts'
import { compileBackends } from './backends.ts'
import type { Json } from './encode.ts'
import { gatewayName } from './names.ts'
import { compileRoute } from './route.ts'

/** The gateways that this proxy's agent hosts, by name. */
export function gatewaysOf(state: MeshState, proxy: ProxyView): Gateway[] {
  return state.gateways
    .filter((gateway) => gateway.metadata.namespace === proxy.namespace && gateway.spec.infrastructure.parametersRef.name === proxy.agent)
    .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))
}

export function routesOfListener(state: MeshState, gateway: Gateway, listener: Listener): AnyRoute[] {
  return allRoutes(state).filter((route) =>
    route.spec.parentRefs.some(
      (parent) =>
        isParent(route, parent, 'Gateway', gateway.metadata.namespace, gateway.metadata.name) &&
        (parent.sectionName === undefined || parent.sectionName === listener.name) &&
        (parent.port === undefined || parent.port === listener.port),
    ),
  )
}

/** One virtual host a host name; Envoy picks the most exact one, as the Gateway API asks. */
export function compileGatewayRoutes(state: MeshState, gateway: Gateway, listener: Listener): Json {
  const self = { namespace: gateway.metadata.namespace, name: gateway.spec.infrastructure.parametersRef.name }
  const routes = routesOfListener(state, gateway, listener)
  const hosts = [...new Set(routes.flatMap((route) => hostsOf(route, listener)))].sort(compareText)
  return {
    name: gatewayName(gateway.metadata.namespace, gateway.metadata.name, listener.name),
    ignore_port_in_host_matching: true,
    virtual_hosts: hosts.map((host) => ({
      name: host,
      domains: [host],
      // The agent sees that its own sidecar took the call, and that nobody's certificate came with it; peers write theirs anew.
      request_headers_to_add: [{ header: { key: 'x-forwarded-client-cert', value: `By=${spiffeIdOf(state.trustDomain, self.namespace, self.name)}` }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }],
      routes: rankMatches(routes.filter((route) => hostsOf(route, listener).includes(host))).flatMap((match) =>
        compileRoute(match, compileBackends(state, match.route, match.rule, self), `${self.name}.${self.namespace}`),
      ),
    })),
  }
}

/** Hosts that both the listener and the route take; the more exact of the two where one covers the other. */
function hostsOf(route: AnyRoute, listener: Listener): string[] {
  const accepted = listener.hostname || '*'
  const wanted = route.spec.hostnames.length > 0 ? route.spec.hostnames : [accepted]
  return wanted.flatMap((host) => (covers(accepted, host) ? [host] : covers(host, accepted) ? [accepted] : []))
}

function covers(pattern: string, host: string): boolean {
  return pattern === '*' || pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
}
