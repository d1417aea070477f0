// Seeded random routes, policies and requests over small vocabularies, so that they meet often.
import { agent, agentVersion, grpcRoute, policy, route } from '../compile/fixtures.ts'
import type { ExplainRequest } from '../contracts/explain.ts'
import type { MeshObject } from '../contracts/object.ts'
import type { Random } from './seeded.ts'

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T // the index is inside
const some = <T>(random: Random, from: readonly T[], share: number): T[] => from.filter(() => random() < share)
const upTo = (random: Random, max: number) => 1 + Math.floor(random() * max)

const SEGMENTS = ['a', 'b', 'ab', 'rpc', 'v1']
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const
const HEADERS = ['x-tier', 'X-Team', 'x-n'] as const
const VALUES = ['gold', 'silver', 'g', '1', '22']
const QUERIES = ['q', 'page']
const EXPRESSIONS = { path: ['/a.*', '/[ab]+', '/rpc/.+', '(/[a-z0-9]+){2}', '/v[0-9]/?'], value: ['g.*', '[0-9]+', 'gold|silver', '.{1}'] }

const pathOf = (random: Random) => `/${Array.from({ length: Math.floor(random() * 4) }, () => pick(random, SEGMENTS)).join('/')}`

export const WORLD: readonly MeshObject[] = [
  agent('caller'), agent('callee'), agent('other'), agent('hermit', { exportTo: [] }, 'elsewhere'),
  agentVersion('callee', 'v1'), agentVersion('callee', 'v2'), agentVersion('other', 'v1'),
]

/** The routes and policies of one table; some are refused by the validator, which the test asks first. */
export function randomTable(random: Random): MeshObject[] {
  const routes = ['first', 'second'].slice(0, upTo(random, 2)).map((name) => route(name, { parentRefs: [{ name: 'callee' }], rules: Array.from({ length: upTo(random, 6) }, (_, index) => randomRule(random, `${name}-${index}`)) }))
  const rpc = random() < 0.3 ? [grpcRoute('third', { parentRefs: [{ name: 'callee' }], rules: Array.from({ length: upTo(random, 3) }, (_, index) => randomGrpcRule(random, `third-${index}`)) })] : []
  const policies = ['one', 'two', 'three'].filter(() => random() < 0.3).map((name) => randomPolicy(random, name))
  return [...routes, ...rpc, ...policies]
}

function randomRule(random: Random, mark: string) {
  const matches = Array.from({ length: upTo(random, 3) }, () => randomMatch(random))
  const filters: unknown[] = [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-rule', value: mark }] } }]
  if (random() < 0.15) {
    filters.push({ type: 'RequestRedirect', requestRedirect: { ...(random() < 0.5 ? { hostname: 'to.example' } : {}), ...(random() < 0.5 ? { scheme: 'https' } : { port: 8443 }), ...(random() < 0.6 ? { path: randomModifier(random) } : {}), statusCode: pick(random, [301, 302, 303, 307, 308]) } })
    return { name: mark, matches, filters, backendRefs: [] }
  }
  if (random() < 0.3) filters.push({ type: 'URLRewrite', urlRewrite: { path: randomModifier(random), ...(random() < 0.4 ? { hostname: 'inner.example' } : {}) } })
  if (random() < 0.1) filters.push({ type: 'RequestMirror', requestMirror: { backendRef: { name: 'other' }, percent: 10 } })
  return { name: mark, matches, filters, backendRefs: randomBackends(random) }
}

function randomGrpcRule(random: Random, mark: string) {
  const service = random() < 0.7 ? { service: pick(random, ['a', 'b', 'rpc']) } : {}
  const method = random() < 0.6 || !('service' in service) ? { method: pick(random, ['a', 'b', 'v1']) } : {}
  return {
    name: mark,
    matches: [{ ...(random() < 0.9 ? { method: { ...service, ...method } } : {}), headers: some(random, HEADERS, 0.15).map((name) => randomValue(random, name)) }],
    filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-rule', value: mark }] } }],
    backendRefs: randomBackends(random),
  }
}

function randomBackends(random: Random) {
  const all = [{ kind: 'AgentVersion', name: 'callee-v1' }, { kind: 'AgentVersion', name: 'callee-v2' }, { kind: 'Agent', name: 'other' }]
  const chosen = some(random, all, 0.5)
  return (chosen.length > 0 ? chosen : [pick(random, all)]).map((backend) => ({ ...backend, weight: pick(random, [0, 1, 1, 10, 100]) }))
}

function randomMatch(random: Random) {
  const type = pick(random, ['Exact', 'PathPrefix', 'PathPrefix', 'RegularExpression'])
  return {
    ...(random() < 0.9 ? { path: { type, value: type === 'RegularExpression' ? pick(random, EXPRESSIONS.path) : pathOf(random) + (type === 'PathPrefix' && random() < 0.2 ? '/' : '') } } : {}),
    ...(random() < 0.3 ? { method: pick(random, METHODS) } : {}),
    headers: some(random, HEADERS, 0.15).map((name) => randomValue(random, name)),
    queryParams: some(random, QUERIES, 0.12).map((name) => randomValue(random, name)),
  }
}

function randomValue(random: Random, name: string) {
  return random() < 0.6 ? { name, value: pick(random, VALUES) } : { name, type: 'RegularExpression', value: pick(random, EXPRESSIONS.value) }
}

function randomModifier(random: Random) {
  return random() < 0.4 ? { type: 'ReplaceFullPath', replaceFullPath: pathOf(random) } : { type: 'ReplacePrefixMatch', replacePrefixMatch: pick(random, ['/', '/x', '/x/y/', '']) }
}

function randomPolicy(random: Random, name: string) {
  const from = pick(random, [[], [{ agents: ['caller'] }], [{ agents: ['caller'], namespaces: ['elsewhere'] }], [{ namespaces: ['default'] }], [{ identities: ['spiffe://mesh.test/ns/default/agent/caller'] }], [{ agents: ['other'] }]])
  const to = random() < 0.3 ? [] : [{ methods: some(random, METHODS, 0.4), paths: [pick(random, ['/a*', '/a/*', '/rpc', '/x*', '/*'])] }]
  return policy(name, { targetRefs: [{ name: pick(random, ['callee', 'callee', 'other']) }], action: pick(random, ['Allow', 'Deny']), mode: random() < 0.8 ? 'Enforce' : 'Audit', rules: [{ from, to }] })
}

export function randomRequest(random: Random): ExplainRequest {
  const query = some(random, QUERIES, 0.3).map((name) => `${name}=${pick(random, VALUES)}`).join('&')
  const odd = random() < 0.1 ? pick(random, ['//', '/./', '/../', '/a//b', '/%2Fa', '/a%20b', '/rpc/../a', '/A', '/a/']) : null
  return {
    from: { namespace: 'default', agent: 'caller' } as ExplainRequest['from'],
    host: pick(random, ['callee', 'callee.default', 'callee.default.mesh', 'CALLEE.default.mesh', 'callee.default.mesh:8080']),
    path: (odd ?? pathOf(random)) + (query ? `?${query}` : ''),
    method: pick(random, METHODS),
    headers: Object.fromEntries(some(random, HEADERS, 0.3).map((name) => [name, pick(random, VALUES)])),
  }
}
