// HTTPRoute and GRPCRoute in one form: a gRPC call is a POST to /SERVICE/METHOD, so a GRPCRoute is an HTTPRoute of other words.
import type { GRPCRoute, GRPCRouteMatch } from '../contracts/grpc-route.ts'
import type { HTTPRoute, HTTPRouteMatch } from '../contracts/http-route.ts'
import type { MeshState } from '../contracts/mesh-state.ts'

export type AnyRoute = Omit<HTTPRoute, 'kind'> & { kind: 'HTTPRoute' | 'GRPCRoute' }

const routesByState = new WeakMap<MeshState, readonly AnyRoute[]>()

/** Every route of a state, of both kinds. */
export function allRoutes(state: MeshState): readonly AnyRoute[] {
  let routes = routesByState.get(state)
  if (!routes) routesByState.set(state, (routes = state.grpcRoutes.length === 0 ? state.routes : [...state.routes, ...state.grpcRoutes.map(asAnyRoute)]))
  return routes
}

export function asAnyRoute(route: GRPCRoute): AnyRoute {
  return {
    ...route,
    spec: {
      ...route.spec,
      rules: route.spec.rules.map((rule) => ({ ...rule, matches: rule.matches.map(asHttpMatch) })),
    },
  }
}

/**
 * The rank of the result is the one that GRPCRoute asks for: service and method, service, method, then headers. A method alone
 * is no path prefix, so it is matched on `:path`, which has the query, and ranked by its HTTP method, which every gRPC call has.
 */
function asHttpMatch({ method, headers }: GRPCRouteMatch): HTTPRouteMatch {
  const base = { headers, queryParams: [] }
  if (!method) return { ...base, path: { type: 'PathPrefix', value: '/' } }
  const { type, service, method: name } = method
  if (type === 'RegularExpression') return { ...base, path: { type: 'RegularExpression', value: `/${service || '[^/]+'}/${name || '.+'}` } }
  if (service && name) return { ...base, path: { type: 'Exact', value: `/${service}/${name}` } }
  if (service) return { ...base, path: { type: 'PathPrefix', value: `/${service}` } }
  return { path: { type: 'PathPrefix', value: '/' }, method: 'POST', queryParams: [], headers: [...headers, { type: 'RegularExpression', name: ':path', value: `/[^/]+/${name ?? ''}(\\?.*)?` }] }
}
