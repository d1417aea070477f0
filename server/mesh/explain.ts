// Where one call goes, and why, told from the objects alone. A test holds it against real Envoys on random routes and requests.
import type { Agent } from '../contracts/agent.ts'
import type { ExplainRequest, Explanation } from '../contracts/explain.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { describeRef, refOf } from '../contracts/object.ts'
import type { AgentRef } from './authorize.ts'
import { egressOf } from './egress.ts'
import { explainPolicies } from './explain-policy.ts'
import { describeMatch } from './describe-match.ts'
import { chooseFor, findAsked, type Chosen } from './explain-agent-route.ts'
import { STRIPPED_HEADER, whyNoMatch, type RequestView } from './match.ts'
import { rankMatches, type RankedMatch } from './precedence.ts'
import { findAgent, isExportedTo, ownerOf, resolveBackend, routesOfAgent, spreadOverReady, versionsOf, type Version } from './reach.ts'
import { normalizePath, redirectTo, rewriteRequest, type Rewritten } from './rewrite.ts'

type Backends = Explanation['backends']
type Outcome = Explanation['outcome']

export function explainCall(state: MeshState, request: ExplainRequest): Explanation {
  const { from } = request
  const caller = { namespace: from.namespace, agent: from.agent }
  const base = { revision: state.revision, caller: spiffeIdOf(state.trustDomain, from.namespace, from.agent), virtualHost: null, target: null, considered: [], backends: [], mirrors: [], policies: [] }
  const host = request.host.toLowerCase().replace(/:\d+$/, '')
  const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value] as const).filter(([name]) => !STRIPPED_HEADER.test(name))
  const view: RequestView = { path: request.path, method: request.method, headers: Object.fromEntries(headers) }
  const conclude = ({ owners, ...answer }: Decision, found: Pick<Explanation, 'virtualHost' | 'target'>) => {
    const whole = { ...base, ...found, ...answer }
    if (answer.outcome.kind !== 'forward') return done(whole)
    const sent = normalizePath(answer.outcome.path)
    if (sent === null) return done({ ...whole, outcome: { kind: 'answer', status: 400, why: 'the sidecar of whoever gets it takes no path with an escaped slash' } })
    return done({ ...whole, policies: [...new Set(owners)].map((agent) => ({ agent: nameOf(agent), ...explainPolicies(state, agent, caller, { ...view, path: sent }) })) })
  }
  const asked = findAsked(state, from.namespace, host, view.headers)
  if (asked) return conclude(decideByNeed(state, chooseFor(state, from.namespace, asked), { host: request.host, path: view.path }), { virtualHost: host, target: null })
  const target = findTarget(state, host, from.namespace)
  if (target === 'external') return done({ ...base, outcome: explainOutside(state, caller, { host, method: view.method }) })
  if (typeof target === 'string') return done({ ...base, outcome: { kind: 'answer', status: 404, why: target } })
  return conclude(decide(state, target, view, request.host), { virtualHost: `${target.metadata.name}.${target.metadata.namespace}.mesh`, target: nameOf(target) })
}

/** The agent that a host name means to callers of a namespace; `external`, or the sentence of a mesh name that leads nowhere. */
function findTarget(state: MeshState, host: string, namespace: string): Agent | string {
  if (host === 'localhost' || host === '127.0.0.1') return 'this is the sidecar itself'
  const [name = '', home = namespace, suffix, ...rest] = host.split('.')
  const inMesh = suffix === 'mesh' && rest.length === 0
  const agent = rest.length === 0 && (suffix === undefined || inMesh) ? findAgent(state, home, name) : undefined
  if (agent && isExportedTo(agent, namespace)) return agent
  return host.endsWith('.mesh') ? `no agent of the name ${host} can be called from ${namespace}` : 'external'
}

function explainOutside(state: MeshState, caller: AgentRef, { host, method }: { host: string; method: string }): Outcome {
  const { decidedBy, refusal } = egressOf(state, caller, host)
  if (refusal !== null) return { kind: 'answer', status: 403, why: refusal }
  const passes = decidedBy?.kind === 'ExternalService' && decidedBy.spec.tls.mode === 'Passthrough'
  return passes && method !== 'CONNECT' ? { kind: 'answer', status: 426, why: `${host} takes TLS, which the agent speaks itself, inside a CONNECT` } : { kind: 'external', host }
}

interface Decision {
  outcome: Outcome
  considered: Explanation['considered']
  backends: Backends
  mirrors: Explanation['mirrors']
  owners: Agent[]
}

function decideByNeed(state: MeshState, { considered, choices, nobody }: Chosen, asked: Rewritten): Decision {
  const total = choices.reduce((sum, { weight }) => sum + weight, 0)
  const found = choices.flatMap(({ version, weight }) => {
    const owner = findAgent(state, version.namespace, version.agent)
    return owner ? [{ owner, backends: sharesOf(owner, [{ version, share: 1 }], weight / total) }] : []
  })
  const outcome: Outcome = found.length > 0 ? { kind: 'forward', ...asked } : { kind: 'answer', status: 503, why: nobody }
  return { considered, outcome, backends: found.flatMap(({ backends }) => backends), mirrors: [], owners: found.map(({ owner }) => owner) }
}

function decide(state: MeshState, target: Agent, view: RequestView, host: string): Decision {
  const routes = routesOfAgent(state, target)
  const nothing = { considered: [], backends: [], mirrors: [], owners: [] }
  const asked: Rewritten = { host, path: view.path }
  if (target.spec.protocol === 'tcp' && view.method !== 'CONNECT') return { ...nothing, outcome: { kind: 'answer', status: 400, why: `${nameOf(target)} speaks TCP: connect by CONNECT` } }
  if (routes.length === 0) {
    const versions = versionsOf(state, target)
    if (versions.length === 0) return { ...nothing, outcome: { kind: 'answer', status: 503, why: `${nameOf(target)} has no instance` } }
    return { ...nothing, outcome: { kind: 'forward', ...asked }, backends: sharesOf(target, spreadOverReady(versions), 1), owners: [target] }
  }
  const ranked = rankMatches(routes)
  const misses = ranked.map((one) => whyNoMatch(one.match, view))
  const winner = misses.indexOf(null)
  const considered = ranked.map((one, index) => describeConsidered(one, { won: index === winner, miss: misses[index] ?? null, winner: ranked[winner] }))
  const won = ranked[winner]
  if (!won) return { ...nothing, considered, outcome: { kind: 'answer', status: 404, why: 'no rule fits the call' } }
  return { considered, ...follow(state, won, asked) }
}

function follow(state: MeshState, { route, rule, match }: RankedMatch, asked: Rewritten): Omit<Decision, 'considered'> {
  const redirect = rule.filters.find((filter) => filter.type === 'RequestRedirect')?.requestRedirect
  if (redirect) return { outcome: { kind: 'redirect', status: redirect.statusCode, location: redirectTo(redirect, match.path, asked) }, backends: [], mirrors: [], owners: [] }
  const total = rule.backendRefs.reduce((sum, backend) => sum + backend.weight, 0)
  const found = rule.backendRefs.map((backend) => ({ backend, owner: ownerOf(state, route, backend), versions: resolveBackend(state, route, backend) ?? [], share: total === 0 ? 0 : backend.weight / total }))
  const backends = found.flatMap(({ backend, owner, versions, share }): Backends =>
    owner && versions.length > 0 ? sharesOf(owner, versions, share) : [{ agent: `${backend.namespace ?? route.metadata.namespace}/${backend.name}`, version: null, cluster: null, share, instances: [] }],
  )
  const mirrors = rule.filters.flatMap((filter) => (filter.type === 'RequestMirror' ? [filter.requestMirror] : [])).map((mirror) => ({
    agent: `${mirror.backendRef.namespace ?? route.metadata.namespace}/${mirror.backendRef.name}`,
    share: mirror.fraction ? mirror.fraction.numerator / mirror.fraction.denominator : (mirror.percent ?? 100) / 100,
  }))
  if (!backends.some((backend) => backend.cluster !== null && backend.share > 0)) return { outcome: { kind: 'answer', status: 500, why: 'none of the rule’s backends exists' }, backends, mirrors, owners: [] }
  const owners = found.filter(({ share, versions }) => share > 0 && versions.length > 0).flatMap(({ owner }) => (owner ? [owner] : []))
  return { outcome: { kind: 'forward', ...rewriteRequest(rule.filters, match.path, asked) }, backends, mirrors, owners }
}

function sharesOf(agent: Agent, versions: readonly { version: Version; share: number }[], whole: number): Backends {
  const sum = versions.reduce((total, { share }) => total + share, 0)
  return versions.map(({ version, share }) => ({
    agent: nameOf(agent),
    version: version.version,
    cluster: `${version.namespace}/${version.agent}/${version.version}`,
    share: sum === 0 ? 0 : (whole * share) / sum,
    instances: version.instances.map(({ id, address, port, weight }) => ({ id, address, port, weight })),
  }))
}

function describeConsidered(one: RankedMatch, { won, miss, winner }: { won: boolean; miss: string | null; winner: RankedMatch | undefined }): Explanation['considered'][number] {
  const { rule, ruleIndex, matchIndex } = one
  const why = won ? `fits: ${describeMatch(one.match)}` : (miss ?? `fits too, but ${winner ? `rule ${winner.ruleIndex + 1} of ${describeRef(routeRef(winner))} comes first: ${describeMatch(winner.match)}` : ''}`)
  return { object: routeRef(one), rule: ruleIndex, ruleName: rule.name ?? null, match: matchIndex, won, why }
}

function routeRef({ route }: RankedMatch) {
  return { kind: route.kind, namespace: route.metadata.namespace, name: route.metadata.name }
}

function done(explanation: Omit<Explanation, 'summary'>): Explanation {
  return { ...explanation, summary: summarize(explanation) }
}

function summarize({ target, outcome, considered, backends, policies }: Omit<Explanation, 'summary'>): string[] {
  const won = considered.find((one) => one.won)
  const rule = won ? `Rule ${won.rule + 1}${won.ruleName ? ` (${won.ruleName})` : ''} of ${describeRef(won.object)} decides: ${won.why.replace(/^fits: /, '')}.` : target && considered.length === 0 ? `No route steers ${target}: its ready instances share the calls.` : ''
  return [rule, describeOutcome(outcome, backends), ...policies.map(({ agent, allowed, steps }) => `${agent} ${allowed ? 'takes' : 'refuses'} it: ${describeStep(steps.find((step) => step.decides))}.`)].filter((sentence) => sentence !== '')
}

function describeOutcome(outcome: Outcome, backends: Backends): string {
  switch (outcome.kind) {
    case 'external':
      return `${outcome.host} is no name of the mesh: the call goes to the outside.`
    case 'redirect':
      return `The caller is sent to ${outcome.location} (${outcome.status}).`
    case 'answer':
      return `The sidecar answers ${outcome.status}: ${outcome.why}.`
    case 'forward': {
      const shares = backends.filter((backend) => backend.share > 0).map((backend) => `${Number((backend.share * 100).toFixed(1))} % to ${backend.agent}${backend.version ? ` ${backend.version} (${backend.instances.length} in rotation)` : ', which does not exist: 500'}`)
      return `It goes as ${outcome.path}: ${shares.join(', ')}.`
    }
  }
}

function describeStep(step: Explanation['policies'][number]['steps'][number] | undefined): string {
  if (!step) return 'nothing decides'
  return step.object ? `${describeRef(step.object)}, rule ${(step.rule ?? 0) + 1}, ${step.why}` : step.why
}

function nameOf(agent: Agent): string {
  const { namespace, name } = refOf(agent)
  return `${namespace}/${name}`
}
