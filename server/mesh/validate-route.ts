import type { BackendRef, HTTPRouteMatch, HTTPRouteRule, ParentRef } from '../contracts/http-route.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { BackendObject } from '../contracts/route-filters.ts'
import type { AnyRoute } from './any-route.ts'
import { canonicalText } from './change.ts'
import { durationMs } from './duration.ts'
import { eachRepeated, type Says } from './finding.ts'
import { findAgent, isExportedTo, versionObjectName, versionsOf } from './reach.ts'
import { validateBackendFilters, validateFilters, validateSession } from './validate-filters.ts'

export function validateRoute(state: MeshState, route: AnyRoute, says: Says): void {
  const { parentRefs, hostnames, rules } = route.spec
  for (const [index, parent] of parentRefs.entries()) validateParent(state, route, parent, `/spec/parentRefs/${index}`, says)
  eachRepeated(parentRefs, canonicalText, (index) => says.problem(`/spec/parentRefs/${index}`, 'repeated', 'this parent is named twice'))
  eachRepeated(hostnames, (name) => name, (index, name) => says.problem(`/spec/hostnames/${index}`, 'repeated', `the host name “${name}” is there twice`))
  validateHostnames(state, route, says)
  eachRepeated(rules, nameOrIndex(rules), (index, rule) => says.problem(`/spec/rules/${index}/name`, 'repeated', `two rules are named “${rule.name}”`))
  for (const [index, rule] of rules.entries()) validateRule(state, route, rule, `/spec/rules/${index}`, says)
  warnUnreachable(rules, says)
}

function validateParent(state: MeshState, route: AnyRoute, parent: ParentRef, at: string, says: Says): void {
  const namespace = parent.namespace ?? route.metadata.namespace
  if (parent.kind === 'Agent') {
    if (parent.group !== 'heddle.dev') says.problem(`${at}/group`, 'not_allowed_value', 'the kind Agent is of the group heddle.dev')
    if (!findAgent(state, namespace, parent.name)) says.problem(`${at}/name`, 'dangling', `there is no agent “${parent.name}” in namespace “${namespace}”`)
    else if (namespace !== route.metadata.namespace) says.problem(`${at}/namespace`, 'not_allowed_value', 'a route steers the agents of its own namespace only')
    else if (findAgent(state, namespace, parent.name)?.spec.protocol === 'tcp') refuseMatches(route, parent.name, says)
    for (const field of ['sectionName', 'port'] as const)
      if (parent[field] !== undefined) says.problem(`${at}/${field}`, 'without_effect', `an agent has no listeners, so “${field}” would do nothing`)
    return
  }
  const gateway = findGateway(state, route, parent)
  if (!gateway) return says.problem(`${at}/name`, 'dangling', `there is no gateway “${parent.name}” in namespace “${namespace}”`)
  const { listeners } = gateway.spec
  if (parent.sectionName !== undefined && !listeners.some((listener) => listener.name === parent.sectionName))
    says.problem(`${at}/sectionName`, 'dangling', `gateway “${parent.name}” has no listener “${parent.sectionName}”`)
  if (parent.port !== undefined && !listeners.some((listener) => listener.port === parent.port))
    says.problem(`${at}/port`, 'dangling', `gateway “${parent.name}” has no listener on port ${parent.port}`)
}

/** Of a connection nothing is known but where it goes. */
function refuseMatches({ spec }: AnyRoute, agent: string, says: Says): void {
  if (spec.rules.length > 1) says.problem('/spec/rules/1', 'unreachable', `“${agent}” speaks TCP: the first rule takes every connection`)
  for (const [index, match] of (spec.rules[0]?.matches ?? []).entries())
    if (match.path.value !== '/' || match.method || match.headers.length > 0 || match.queryParams.length > 0)
      says.problem(`/spec/rules/0/matches/${index}`, 'without_effect', `“${agent}” speaks TCP: a connection has no path, method or header to match`)
}

/** Host names choose among what comes in by a gateway; an agent is reached by its own names alone. */
function validateHostnames(state: MeshState, route: AnyRoute, says: Says): void {
  const { hostnames, parentRefs } = route.spec
  const gateways = parentRefs.filter((parent) => parent.kind === 'Gateway')
  if (gateways.length === 0)
    return hostnames.forEach((_name, index) => says.problem(`/spec/hostnames/${index}`, 'without_effect', 'host names count at a gateway; this route has none, so the name would do nothing'))
  const listeners = gateways.flatMap((parent) => findGateway(state, route, parent)?.spec.listeners ?? [])
  if (listeners.length === 0 || listeners.some((listener) => listener.hostname === undefined)) return
  for (const [index, name] of hostnames.entries())
    if (!listeners.some((listener) => hostsMeet(name, listener.hostname ?? '*')))
      says.problem(`/spec/hostnames/${index}`, 'without_effect', `no listener of its gateways takes “${name}”`)
}

function findGateway(state: MeshState, route: AnyRoute, parent: ParentRef) {
  const namespace = parent.namespace ?? route.metadata.namespace
  return state.gateways.find((candidate) => candidate.metadata.namespace === namespace && candidate.metadata.name === parent.name)
}

/** True when some host fits both; `*.a.b` fits every name below a.b. */
function hostsMeet(a: string, b: string): boolean {
  if (a.startsWith('*.') && b.startsWith('*.')) return a.endsWith(b.slice(1)) || b.endsWith(a.slice(1))
  if (a.startsWith('*.')) return b.endsWith(a.slice(1))
  return b.startsWith('*.') ? a.endsWith(b.slice(1)) : a === b
}

function validateRule(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, at: string, says: Says): void {
  for (const [index, match] of rule.matches.entries()) validateMatch(route.kind, match, `${at}/matches/${index}`, says)
  validateFilters(rule, at, says)
  validateMirrors(state, route, rule, at, says)
  if (rule.sessionPersistence) validateSession(rule.sessionPersistence, rule.backendRefs.filter(({ weight }) => weight > 0).length > 1, `${at}/sessionPersistence`, says)
  validateBackends(state, route, rule, at, says)
  const { request, backendRequest } = rule.timeouts ?? {}
  if (request && backendRequest && durationMs(request) > 0 && (durationMs(backendRequest) > durationMs(request) || durationMs(backendRequest) === 0))
    says.problem(`${at}/timeouts/backendRequest`, 'timeouts_order', `one try (${backendRequest}) may not take longer than the whole request (${request})`)
  eachRepeated(rule.retry?.codes ?? [], String, (index) => says.problem(`${at}/retry/codes/${index}`, 'repeated', 'this status is there twice'))
}

function validateBackends(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, at: string, says: Says): void {
  const { backendRefs } = rule
  if (rule.filters.some((filter) => filter.type === 'RequestRedirect')) return
  if (backendRefs.length === 0) return says.problem(`${at}/backendRefs`, 'no_backend', 'a rule needs somewhere to send its calls')
  for (const [index, backend] of backendRefs.entries()) {
    validateBackend(state, route, backend, `${at}/backendRefs/${index}`, says)
    validateBackendFilters(backend.filters, `${at}/backendRefs/${index}/filters`, says)
  }
  if (backendRefs.every((backend) => backend.weight === 0)) says.problem(`${at}/backendRefs`, 'weights_all_zero', 'at least one weight must be above 0; else every call fails')
  const keyOf = (backend: BackendRef) => `${backend.kind} ${backend.namespace ?? route.metadata.namespace}/${backend.name}`
  eachRepeated(backendRefs, keyOf, (index, backend) => says.problem(`${at}/backendRefs/${index}/name`, 'repeated', `${keyOf(backend)} is there twice; add the weights up`))
}

function validateMirrors(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, at: string, says: Says): void {
  for (const [index, filter] of rule.filters.entries()) {
    if (filter.type !== 'RequestMirror') continue
    const mirror = `${at}/filters/${index}/requestMirror/backendRef`
    const { backendRef } = filter.requestMirror
    validateBackend(state, route, backendRef, mirror, says)
    const owner = backendRef.kind === 'Agent' ? findAgent(state, backendRef.namespace ?? route.metadata.namespace, backendRef.name) : undefined
    if (owner && versionsOf(state, owner).length > 1) says.warning(mirror, 'mirror_spread', 'this agent has several versions: each gets its share of the copies, and a call may be copied to two or to none')
  }
}

function validateBackend(state: MeshState, route: AnyRoute, backend: BackendObject, at: string, says: Says): void {
  const namespace = backend.namespace ?? route.metadata.namespace
  if (backend.port !== undefined) says.problem(`${at}/port`, 'without_effect', 'agents announce their own ports, so a port here would do nothing')
  const owner =
    backend.kind === 'Agent'
      ? findAgent(state, namespace, backend.name)
      : state.agents.find((agent) => agent.metadata.namespace === namespace && versionsOf(state, agent).some((version) => versionObjectName(version) === backend.name))
  if (!owner) {
    const what = backend.kind === 'Agent' ? 'agent' : 'agent version'
    return says.problem(`${at}/name`, 'dangling', `there is no ${what} “${backend.name}” in namespace “${namespace}”`)
  }
  if (!isExportedTo(owner, route.metadata.namespace))
    says.problem(`${at}/namespace`, 'not_exported', `agent ${namespace}/${owner.metadata.name} is not exported to namespace “${route.metadata.namespace}”`)
}

const PATH_FORBIDDEN = /\/\/|\/\.\.?(\/|$)|%2f|[#?]/i

function validateMatch(kind: AnyRoute['kind'], match: HTTPRouteMatch, at: string, says: Says): void {
  const grpc = kind === 'GRPCRoute'
  if (match.path.type === 'RegularExpression') warnRegex(grpc ? `${at}/method` : `${at}/path/value`, says)
  else if (!grpc && PATH_FORBIDDEN.test(match.path.value)) says.problem(`${at}/path/value`, 'wrong_format', 'a path has no “//”, “/./”, “/../”, “%2F”, “?” or “#”; such a match never fits')
  for (const field of ['headers', 'queryParams'] as const) {
    for (const [index, entry] of match[field].entries()) if (entry.type === 'RegularExpression' && entry.name !== ':path') warnRegex(`${at}/${field}/${index}/value`, says)
    const keyOf = ({ name }: { name: string }) => (field === 'headers' ? name.toLowerCase() : name)
    eachRepeated(match[field], keyOf, (index, entry) => says.problem(`${at}/${field}/${index}/name`, 'repeated', `“${entry.name}” is matched twice; only the first would count`))
  }
}

// Whose engine runs it decides what is valid (RE2 knows no lookahead), and running it here would hand our time to its author.
function warnRegex(pointer: string, says: Says): void {
  says.warning(pointer, 'regex_unverified', 'each proxy checks this regular expression itself (RE2); one that refuses it keeps the form before')
}

/** The first of two equal matches takes every call; the second is never asked. */
function warnUnreachable(rules: readonly HTTPRouteRule[], says: Says): void {
  const seen = new Map<string, number>()
  for (const [ruleIndex, rule] of rules.entries())
    for (const [index, match] of rule.matches.entries()) {
      const first = seen.get(canonicalText(match))
      if (first === undefined) seen.set(canonicalText(match), ruleIndex)
      else says.warning(`/spec/rules/${ruleIndex}/matches/${index}`, 'unreachable', `rule ${first + 1} matches the same and comes first`)
    }
}

/** Rules without a name never repeat one. */
function nameOrIndex(rules: readonly HTTPRouteRule[]): (rule: HTTPRouteRule) => string {
  return (rule) => rule.name ?? `#${rules.indexOf(rule)}`
}
