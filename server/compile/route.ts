// One match of an HTTPRoute rule → one Envoy route. Field by field as the Gateway API means it.
import type { HTTPRouteMatch, HTTPRouteRule, PathMatch } from '../contracts/http-route.ts'
import type { AnyRoute } from '../mesh/any-route.ts'
import type { RankedMatch } from '../mesh/precedence.ts'
import type { Target } from './backends.ts'
import type { Json } from './encode.ts'
import { CLUSTER } from './names.ts'
import { compileCors, compileRedirect, compileRewrite, CORS_FILTER, headerEdits } from './route-filters.ts'
import { compileTimeouts, NO_TIMEOUT, sessionHash } from './route-limits.ts'
import { toFixedSum } from './session-weights.ts'

/**
 * `target` is what compileBackends said; null answers 500, as the Gateway API asks where no backend is valid. A rule for one
 * method that has CORS gets a second route: the browser's preflight for it is an OPTIONS.
 */
export function compileRoute(ranked: RankedMatch, target: Target | null, operation: string): Json[] {
  const { rule, match } = ranked
  const cors = rule.filters.find((filter) => filter.type === 'CORS')?.cors
  const main = compileOne(ranked, target, operation)
  if (!cors) return [main]
  const withCors = { ...main, typed_per_filter_config: { [CORS_FILTER]: compileCors(cors) } }
  if (!match.method || match.method === 'OPTIONS') return [withCors]
  const asked = { type: 'Exact' as const, name: 'access-control-request-method', value: match.method }
  return [withCors, { ...withCors, match: compileMatch({ ...match, method: 'OPTIONS', headers: [asked] }) }]
}

function compileOne({ route, rule, ruleIndex, match }: RankedMatch, target: Target | null, operation: string): Json {
  const shared = { name: routeName(route, rule, ruleIndex), match: compileMatch(match), decorator: decorator(operation) }
  const redirect = rule.filters.find((filter) => filter.type === 'RequestRedirect')?.requestRedirect
  if (redirect) return { ...shared, redirect: compileRedirect(redirect, match.path), ...headerEdits(rule.filters) }
  if (!target) return { ...shared, direct_response: plainAnswer(500, `no backend of ${shared.name} exists`) }
  return { ...shared, route: { ...compileTarget(rule, target), ...compileRewrite(rule.filters, match.path), ...compileTimeouts(rule) }, ...headerEdits(rule.filters) }
}

/** Where the call goes, with what its pick is hashed from and who gets a copy. */
function compileTarget(rule: HTTPRouteRule, { action, hash, mirrors }: Target): Json {
  const session = rule.sessionPersistence
  const hash_policy = [...(session ? [sessionHash(session)] : []), ...hash]
  const weighted = action['weighted_clusters'] as { clusters: Json[] } | undefined // as backends.ts makes it
  const sticky = session && weighted ? { weighted_clusters: { ...weighted, clusters: toFixedSum(weighted.clusters), use_hash_policy: true } } : {}
  return { ...action, ...sticky, ...(hash_policy.length > 0 ? { hash_policy } : {}), ...(mirrors.length > 0 ? { request_mirror_policies: mirrors } : {}) }
}

/** Every call of a host to one target. */
export function catchAll(name: string, target: Json, operation: string): Json {
  return { name, match: { prefix: '/' }, decorator: decorator(operation), route: { ...target, timeout: NO_TIMEOUT } }
}

/** A CONNECT ends here and its bytes go to `cluster`. It is no call of its own, so it has no span. */
export function terminateConnect(cluster: string, options: { traced: boolean }): Json {
  return {
    name: 'connect',
    match: { connect_matcher: {} },
    ...(options.traced ? {} : { tracing: { client_sampling: {}, random_sampling: {}, overall_sampling: {} } }),
    route: { cluster, timeout: NO_TIMEOUT, upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] },
  }
}

/** A route of calls as one of connections. `terminate` ends the CONNECT here; else the next proxy gets it. */
export function overConnect(route: Json, { terminate }: { terminate: boolean }): Json {
  const action = route['route'] as Json // only routes that lead to a cluster come here
  return { ...route, match: { connect_matcher: {} }, route: { ...action, upgrade_configs: [{ upgrade_type: 'CONNECT', ...(terminate ? { connect_config: {} } : {}) }] } }
}

export function answerAll(name: string, status: number, text: string): Json {
  return { name, match: { prefix: '/' }, direct_response: plainAnswer(status, text) }
}

export const backIntoMesh = () => terminateConnect(CLUSTER.loop, { traced: false })

export function routeName(route: AnyRoute, rule: HTTPRouteRule, ruleIndex: number): string {
  return `${route.metadata.namespace}/${route.metadata.name}/${rule.name ?? ruleIndex}`
}

/** Names the span; not passed on, so that a callee's span keeps its own name. */
function decorator(operation: string): Json {
  return { operation, propagate: false }
}

function plainAnswer(status: number, text: string): Json {
  return { status, body: { inline_string: `${text}\n` } }
}

function compileMatch(match: HTTPRouteMatch): Json {
  const headers = [
    ...(match.method ? [{ name: ':method', string_match: { exact: match.method } }] : []),
    ...match.headers.map((header) => ({ name: header.name.toLowerCase(), string_match: stringMatch(header) })),
  ]
  return {
    ...compilePath(match.path),
    ...(headers.length > 0 ? { headers } : {}),
    ...(match.queryParams.length > 0 ? { query_parameters: match.queryParams.map((parameter) => ({ name: parameter.name, string_match: stringMatch(parameter) })) } : {}),
  }
}

function compilePath(path: PathMatch): Json {
  switch (path.type) {
    case 'Exact':
      return { path: path.value }
    case 'RegularExpression':
      return { safe_regex: { regex: path.value } }
    case 'PathPrefix': {
      const prefix = path.value.replace(/\/+$/, '')
      return prefix === '' ? { prefix: '/' } : { path_separated_prefix: prefix }
    }
  }
}

function stringMatch(match: { type: 'Exact' | 'RegularExpression'; value: string }): Json {
  return match.type === 'Exact' ? { exact: match.value } : { safe_regex: { regex: match.value } }
}
