// HTTPRoute and GRPCRoute in one form: a gRPC call is a POST to /SERVICE/METHOD, so a GRPCRoute is an HTTPRoute of other words.
import type { GRPCRoute, GRPCRouteMatch } from '../contracts/grpc-route.ts'
import type { HTTPRoute, HTTPRouteMatch } from '../contracts/http-route.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { Kept } from './kept.ts'

export type AnyRoute = Omit<HTTPRoute, 'kind'> & { kind: 'HTTPRoute' | 'GRPCRoute' }

const both = new Kept<MeshState['routes'], readonly AnyRoute[]>()
const translated = new Kept<GRPCRoute, AnyRoute>()

/** Every route of a state, of both kinds; what did not change is the same value again. */
export function allRoutes(state: MeshState): readonly AnyRoute[] {
  if (state.grpcRoutes.length === 0) return state.routes
  return both.of(state.routes, '', [state.grpcRoutes], () => [...state.routes, ...state.grpcRoutes.map((route) => translated.of(route, '', [], () => asAnyRoute(route)))])
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
