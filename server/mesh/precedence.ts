// Which match wins when several fit one request: the Gateway API's order, over all rules of all routes of one parent.
// https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec (field `rules[].matches`)
import type { HTTPRouteMatch, HTTPRouteRule, PathMatch } from '../contracts/http-route.ts'
import type { AnyRoute } from './any-route.ts'

/** One match of one rule, with where it stands in its object. */
export interface RankedMatch {
  route: AnyRoute
  rule: HTTPRouteRule
  ruleIndex: number
  match: HTTPRouteMatch
  matchIndex: number
}

/** Every match of the routes, the one that wins first. The order of the input does not matter. */
export function rankMatches(routes: readonly AnyRoute[]): RankedMatch[] {
  return routes
    .flatMap((route) => route.spec.rules.flatMap((rule, ruleIndex) => rule.matches.map((match, matchIndex) => ({ route, rule, ruleIndex, match, matchIndex }))))
    .sort(compareMatches)
}

/** Negative when `a` wins over `b`. */
export function compareMatches(a: RankedMatch, b: RankedMatch): number {
  return (
    PATH_RANK[a.match.path.type] - PATH_RANK[b.match.path.type] ||
    lengthOf(b.match.path) - lengthOf(a.match.path) ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    b.match.headers.length - a.match.headers.length ||
    b.match.queryParams.length - a.match.queryParams.length ||
    compareAge(a.route, b.route) ||
    a.ruleIndex - b.ruleIndex ||
    a.matchIndex - b.matchIndex
  )
}

interface Aged {
  metadata: { namespace: string; name: string; creationTimestamp?: string | undefined }
}

/** Among equals the older object wins, then the first by `namespace/name`. */
export function compareAge(a: Aged, b: Aged): number {
  return (
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compareText(`${a.metadata.namespace}/${a.metadata.name}`, `${b.metadata.namespace}/${b.metadata.name}`)
  )
}

/** The Gateway API leaves regular expressions to the implementation: ours stand between exact paths and prefixes. */
const PATH_RANK: Record<PathMatch['type'], number> = { Exact: 0, RegularExpression: 1, PathPrefix: 2 }

/** A trailing slash of a prefix says nothing more: `/a` and `/a/` match alike. */
function lengthOf(path: PathMatch): number {
  return path.type === 'PathPrefix' ? path.value.replace(/\/+$/, '').length : path.value.length
}

/** By code unit: the same on every machine, unlike localeCompare. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
