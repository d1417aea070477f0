// One rule by itself: matches that never fit, tries and timeouts that do not go together, copies, redirects.
import type { HTTPRouteMatch, HTTPRouteRule } from '../../contracts/http-route.ts'
import type { MeshState } from '../../contracts/mesh-state.ts'
import { allRoutes, type AnyRoute } from '../any-route.ts'
import { durationMs } from '../duration.ts'
import { fitsPath, isExpression, STRIPPED_HEADER } from '../match.ts'
import { findAgent, ownerOf } from '../reach.ts'
import { modifyPath } from '../rewrite.ts'
import { trafficRulesOf } from '../traffic-policy.ts'
import type { Tell } from './analyze.ts'

type Told = (pointer: string, code: Parameters<Tell>[2], detail: string) => void

const TRIES_MANY = 3
/** Agents that stream their answers take minutes. */
const STREAM_MS = 60_000

export function analyzeRules(state: MeshState, tell: Tell): void {
  for (const route of allRoutes(state)) {
    for (const [index, rule] of route.spec.rules.entries()) {
      const at = `/spec/rules/${index}`
      const told: Told = (pointer, code, detail) => tell(route, at + pointer, code, detail)
      for (const [position, match] of rule.matches.entries()) tellMatch(match, (pointer, code, detail) => told(`/matches/${position}${pointer}`, code, detail))
      tellRetries(rule, told)
      tellStreams(state, route, rule, told)
      tellMirrors(state, route, rule, told)
      tellRedirect(rule, told)
      tellSession(state, route, rule, told)
      tellRewrite(state, route, rule, told)
    }
    for (const [index, parent] of route.spec.parentRefs.entries()) {
      const agent = parent.kind === 'Agent' ? findAgent(state, parent.namespace ?? route.metadata.namespace, parent.name) : undefined
      if (route.kind === 'GRPCRoute' && agent && agent.spec.protocol !== 'grpc') tell(route, `/spec/parentRefs/${index}/name`, 'grpc_route_elsewhere', `${agent.metadata.name} says it speaks ${agent.spec.protocol}`)
    }
  }
}

function tellMatch(match: HTTPRouteMatch, told: Told): void {
  if (match.path.type === 'RegularExpression' && /^[A-Za-z0-9_-]/.test(match.path.value)) told('/path/value', 'regex_never_fits', `${match.path.value} begins with a letter or digit, and a path with “/”`)
  for (const [index, { name }] of match.headers.entries()) if (STRIPPED_HEADER.test(name)) told(`/headers/${index}/name`, 'header_stripped', `${name} is removed on the way in`)
}

/** What RE2 cannot read. RE2 bounds what it builds, so that no expression can hold this process. */
export function analyzeExpressions(state: MeshState, tell: Tell): void {
  for (const route of allRoutes(state))
    for (const [ruleIndex, rule] of route.spec.rules.entries())
      for (const [index, match] of rule.matches.entries()) tellExpressions(match, (pointer, code, detail) => tell(route, `/spec/rules/${ruleIndex}/matches/${index}${pointer}`, code, detail))
}

function tellExpressions(match: HTTPRouteMatch, told: Told): void {
  const expressions = [
    ...(match.path.type === 'RegularExpression' ? [{ pointer: '/path/value', value: match.path.value }] : []),
    ...match.headers.map((header, index) => ({ ...header, pointer: `/headers/${index}/value` })).filter((header) => header.type === 'RegularExpression'),
    ...match.queryParams.map((parameter, index) => ({ ...parameter, pointer: `/queryParams/${index}/value` })).filter((parameter) => parameter.type === 'RegularExpression'),
  ]
  for (const { pointer, value } of expressions) if (!isExpression(value)) told(pointer, 'regex_unreadable', `RE2 cannot read ${value}; every proxy refuses it and keeps the form before`)
}

function tellRetries(rule: HTTPRouteRule, told: Told): void {
  const { retry, timeouts } = rule
  if (!retry || retry.attempts === 0) return
  if (retry.attempts > TRIES_MANY) told('/retry/attempts', 'retries_many', `a call is tried up to ${retry.attempts + 1} times`)
  const writes = rule.matches.filter(({ method }) => method === undefined || method === 'POST' || method === 'PATCH')
  const began = retry.codes.filter((code) => code === 500 || code === 502 || code === 504)
  if (writes.length > 0 && began.length > 0) told('/retry/codes', 'retry_repeats_effects', `an answer of ${began.join(', ')} may come after the work was done, and it is then done again`)
  const request = timeouts?.request ? durationMs(timeouts.request) : 0
  const perTry = timeouts?.backendRequest ? durationMs(timeouts.backendRequest) : 0
  if (request > 0 && perTry > 0 && perTry * (retry.attempts + 1) > request) told('/timeouts', 'retry_exceeds_timeout', `${retry.attempts + 1} tries of ${timeouts?.backendRequest} do not fit into ${timeouts?.request}`)
  if (request > 0 && perTry === 0) told('/timeouts', 'retry_without_try_timeout', `a first try that hangs uses up all of ${timeouts?.request}`)
}

function tellStreams(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, told: Told): void {
  const request = rule.timeouts?.request
  if (!request || durationMs(request) === 0 || durationMs(request) >= STREAM_MS) return
  const streaming = rule.backendRefs.map((backend) => ownerOf(state, route, backend)).find((agent) => agent && (agent.spec.protocol === 'a2a' || agent.spec.protocol === 'mcp'))
  if (streaming) told('/timeouts/request', 'timeout_cuts_stream', `${streaming.metadata.name} speaks ${streaming.spec.protocol}, whose answers may stream for longer than ${request}`)
}

function tellMirrors(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, told: Told): void {
  const backends = new Set(rule.backendRefs.map((backend) => ownerOf(state, route, backend)))
  for (const [index, filter] of rule.filters.entries()) {
    if (filter.type !== 'RequestMirror') continue
    const owner = ownerOf(state, route, filter.requestMirror.backendRef)
    if (owner && backends.has(owner)) told(`/filters/${index}/requestMirror/backendRef/name`, 'mirror_doubles', `${owner.metadata.name} gets the call and its copy, and carries out both`)
  }
}

function tellRedirect(rule: HTTPRouteRule, told: Told): void {
  const index = rule.filters.findIndex((filter) => filter.type === 'RequestRedirect')
  const filter = rule.filters[index]
  if (filter?.type !== 'RequestRedirect') return
  const { hostname, port, scheme, path } = filter.requestRedirect
  if (hostname || port || scheme) return
  const loops = rule.matches.some((match) => match.path.type !== 'RegularExpression' && (!path || fitsPath(match.path, modifyPath(path, match.path, match.path.value))))
  if (loops) told(`/filters/${index}/requestRedirect`, 'redirect_loops', 'the new address fits this rule again')
}

function tellSession(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, told: Told): void {
  if (!rule.sessionPersistence) return
  for (const backend of rule.backendRefs) {
    const owner = ownerOf(state, route, backend)
    const policy = owner && trafficRulesOf(state, owner).loadBalancer?.policy
    if (owner && policy && policy !== 'RingHash' && policy !== 'Maglev') return told('/sessionPersistence', 'session_ends_at_version', `a TrafficPolicy spreads the calls of ${owner.metadata.name} by ${policy}, so a session keeps its version but not its instance`)
  }
}

function tellRewrite(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, told: Told): void {
  const index = rule.filters.findIndex((filter) => filter.type === 'URLRewrite' && filter.urlRewrite.path)
  if (index < 0) return
  const owners = new Set(rule.backendRefs.map((backend) => ownerOf(state, route, backend)))
  const reads = state.policies.find((policy) => policy.spec.rules.some((one) => one.to.some((to) => to.paths.length > 0)) && [...owners].some((owner) => owner && owner.metadata.namespace === policy.metadata.namespace && policy.spec.targetRefs.some((target) => target.name === owner.metadata.name)))
  if (reads) told(`/filters/${index}/urlRewrite/path`, 'policy_reads_rewritten_path', `AuthorizationPolicy “${reads.metadata.name}” decides by path`)
}
