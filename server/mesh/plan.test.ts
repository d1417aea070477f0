import { expect, test } from 'vitest'
import { Agent, AgentVersion } from '../contracts/agent.ts'
import { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import { Gateway } from '../contracts/gateway.ts'
import { HTTPRoute } from '../contracts/http-route.ts'
import { GATEWAY_API, HEDDLE_API } from '../contracts/meta.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { planChange, type Traffic } from './plan.ts'

const agent = (name: string, spec = {}) => Agent.parse({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name }, spec })
const version = (of: string, name: string) => AgentVersion.parse({ apiVersion: HEDDLE_API, kind: 'AgentVersion', metadata: { name: `${of}-${name}` }, spec: { agent: of, version: name } })
const route = (spec: object, name = 'shelf') => HTTPRoute.parse({ apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name }, spec: { parentRefs: [{ name: 'shelf' }], ...spec } })
const split = (v1: number, v2: number, rule: object = {}) =>
  route({ rules: [{ backendRefs: [{ kind: 'AgentVersion', name: 'shelf-v1', weight: v1 }, { kind: 'AgentVersion', name: 'shelf-v2', weight: v2 }], ...rule }] })
const gateway = (name: string, listeners: object[]) =>
  Gateway.parse({ apiVersion: GATEWAY_API, kind: 'Gateway', metadata: { name }, spec: { listeners, infrastructure: { parametersRef: { group: 'heddle.dev', kind: 'Agent', name: 'shelf' } } } })
const policy = (spec: object) => AuthorizationPolicy.parse({ apiVersion: HEDDLE_API, kind: 'AuthorizationPolicy', metadata: { name: 'shelf' }, spec: { targetRefs: [{ name: 'shelf' }], action: 'Allow', rules: [], ...spec } })

const MESH: MeshState = {
  mesh: 'local',
  trustDomain: 'mesh.local',
  revision: 1,
  agents: [agent('shelf'), agent('reader'), agent('hidden', { exportTo: ['elsewhere'] })],
  versions: [version('shelf', 'v1'), version('shelf', 'v2')],
  routes: [],
  gateways: [],
  policies: [],
  grpcRoutes: [],
  peerAuthentications: [],
  trafficPolicies: [],
  agentRoutes: [],
  probes: [],
  externalServices: [],
  egressPolicies: [],
  objectives: [],
  signedAgents: [],
  instances: [],
  revoked: [],
}
const TRAFFIC: Traffic[] = [{ source: { namespace: 'default', agent: 'reader' }, target: { namespace: 'default', agent: 'shelf' }, requestsPerSecond: 4.75 }]

const put = (after: MeshObject, state: MeshState = MESH, traffic: Traffic[] = []) => planChange(state, [{ ref: refOf(after), expected: 'any', after }], traffic)
const found = (after: MeshObject, state?: MeshState) => {
  const { problems, warnings } = put(after, state)
  return [...problems, ...warnings].map(({ level, pointer, code }) => `${level} ${pointer} ${code}`)
}

const backend = { name: 'shelf' }
const matching = (match: object) => route({ rules: [{ matches: [match], backendRefs: [backend] }] })
const editing = (edit: object) => route({ rules: [{ filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: edit }], backendRefs: [backend] }] })

const TABLE: [string, MeshObject, string[]][] = [
  ['a sound split', split(90, 10), []],
  ['zero beside something', split(0, 100), []],
  ['weights that are all zero', split(0, 0), ['problem /spec/rules/0/backendRefs weights_all_zero']],
  ['a rule without a backend', route({ rules: [{}] }), ['problem /spec/rules/0/backendRefs no_backend']],
  ['a backend of no agent', route({ rules: [{ backendRefs: [{ name: 'nobody' }] }] }), ['problem /spec/rules/0/backendRefs/0/name dangling']],
  ['a backend of a namespace without that agent', route({ rules: [{ backendRefs: [{ name: 'shelf', namespace: 'far' }] }] }), ['problem /spec/rules/0/backendRefs/0/name dangling']],
  ['a version twice', route({ rules: [{ backendRefs: [backend, backend] }] }), ['problem /spec/rules/0/backendRefs/1/name repeated']],
  ['a port that would do nothing', route({ rules: [{ backendRefs: [{ name: 'shelf', port: 80 }] }] }), ['problem /spec/rules/0/backendRefs/0/port without_effect']],
  ['a parent of no agent', route({ parentRefs: [{ name: 'nobody' }], rules: [{ backendRefs: [backend] }] }), ['problem /spec/parentRefs/0/name dangling']],
  ['a gateway that is not there', route({ parentRefs: [{ kind: 'Gateway', name: 'edge' }], rules: [{ backendRefs: [backend] }] }), ['problem /spec/parentRefs/0/name dangling']],
  ['a host name without a gateway', route({ hostnames: ['a.example'], rules: [{ backendRefs: [backend] }] }), ['problem /spec/hostnames/0 without_effect']],
  ['rules of one name', route({ rules: [{ name: 'a', backendRefs: [backend] }, { name: 'a', matches: [{ path: { value: '/b' } }], backendRefs: [backend] }] }), ['problem /spec/rules/1/name repeated']],
  ['a rule that is never asked', route({ rules: [{ backendRefs: [backend] }, { backendRefs: [backend] }] }), ['warning /spec/rules/1/matches/0 unreachable']],
  ['a regular expression, sound or not', matching({ path: { type: 'RegularExpression', value: '/a(?=b' } }), ['warning /spec/rules/0/matches/0/path/value regex_unverified']],
  ['a header matched twice', matching({ headers: [{ name: 'X-A', value: '1' }, { name: 'x-a', value: '2' }] }), ['problem /spec/rules/0/matches/0/headers/1/name repeated']],
  ['a path that never fits', matching({ path: { value: '/a//b' } }), ['problem /spec/rules/0/matches/0/path/value wrong_format']],
  ['a try longer than the request', split(1, 1, { timeouts: { request: '1s', backendRequest: '1500ms' } }), ['problem /spec/rules/0/timeouts/backendRequest timeouts_order']],
  ['a try without end in a request with one', split(1, 1, { timeouts: { request: '1s', backendRequest: '0s' } }), ['problem /spec/rules/0/timeouts/backendRequest timeouts_order']],
  ['no limit on the request', split(1, 1, { timeouts: { request: '0s', backendRequest: '2s' } }), []],
  ['a filter twice', route({ rules: [{ filters: [1, 2].map((n) => ({ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: `x-${n}`, value: 'v' }] } })), backendRefs: [backend] }] }), ['problem /spec/rules/0/filters/1/type repeated']],
  ['the host header', editing({ set: [{ name: 'Host', value: 'x' }] }), ['problem /spec/rules/0/filters/0/requestHeaderModifier/set/0/name header_not_editable']],
  ['the identity header', editing({ set: [{ name: 'x-forwarded-client-cert', value: 'x' }] }), ['problem /spec/rules/0/filters/0/requestHeaderModifier/set/0/name header_not_editable']],
  ['a header value that ends the line', editing({ set: [{ name: 'x-a', value: 'a\r\nb: c' }] }), ['problem /spec/rules/0/filters/0/requestHeaderModifier/set/0/value wrong_format']],
  ['a filter that does nothing', editing({}), ['problem /spec/rules/0/filters/0/requestHeaderModifier without_effect']],
  ['two listeners on a port', gateway('edge', [{ name: 'a', port: 80, protocol: 'HTTP' }, { name: 'b', port: 80, protocol: 'HTTP' }]), ['problem /spec/listeners/1/port port_taken']],
  ['an address twice', agent('shelf', { instances: [1, 2].map(() => ({ address: '127.0.0.1', port: 1 })) }), ['problem /spec/instances/1 repeated']],
  ['a policy for nobody', policy({}), ['warning /spec/rules allows_nobody']],
  ['a policy of a caller not seen yet', policy({ rules: [{ from: [{ agents: ['stranger'] }] }] }), ['warning /spec/rules/0/from/0/agents/0 unknown_caller']],
  ['an identity of another trust domain', policy({ rules: [{ from: [{ identities: ['spiffe://far.local/ns/default/agent/a'] }] }] }), ['warning /spec/rules/0/from/0/identities/0 foreign_trust_domain']],
  ['an identity that is none', policy({ rules: [{ from: [{ identities: ['reader'] }] }] }), ['problem /spec/rules/0/from/0/identities/0 wrong_format']],
  ['a star in the middle', policy({ rules: [{ from: [{ agents: ['reader'] }], to: [{ paths: ['/a*b'] }] }] }), ['problem /spec/rules/0/to/0/paths/0 wrong_format']],
]

test.each(TABLE)('%s', (_name, object, expected) => {
  expect(found(object)).toEqual(expected)
})

test('an agent that is not exported is no backend', () => {
  const other = HTTPRoute.parse({ apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name: 'r', namespace: 'far' }, spec: { parentRefs: [{ name: 'near' }], rules: [{ backendRefs: [{ name: 'hidden', namespace: 'default' }] }] } })
  const near = Agent.parse({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name: 'near', namespace: 'far' }, spec: {} })
  expect(found(other, { ...MESH, agents: [...MESH.agents, near] })).toEqual(['problem /spec/rules/0/backendRefs/0/namespace not_exported'])
})

test('an edit of weights says how many calls move, and whose', () => {
  const plan = put(split(50, 50), { ...MESH, routes: [split(90, 10)] }, TRAFFIC)
  expect(plan.summary).toEqual(['shelf-v1 gets 50 % (now 90 %).', 'shelf-v2 gets 50 % (now 10 %).', 'About 1.9 calls a second move from shelf-v1 to shelf-v2.'])
  expect(plan.callers).toEqual(['default/reader'])
})

test('a policy that cuts calls being made now says whose', () => {
  const plan = put(policy({ rules: [{ from: [{ agents: ['shelf'] }] }] }), MESH, TRAFFIC)
  expect(plan.warnings).toMatchObject([{ code: 'cuts_live_traffic', detail: 'refuses default/reader, which calls default/shelf 4.8 times a second now' }])
  expect(put(policy({ rules: [{ from: [{ agents: ['reader'] }] }] }), MESH, TRAFFIC).warnings).toEqual([])
})

test('damage that was there before does not stop an edit elsewhere', () => {
  const broken = { ...MESH, routes: [route({ rules: [{ backendRefs: [{ name: 'gone' }] }] }, 'broken')] }
  expect(put(agent('reader', { description: 'reads' }), broken).problems).toEqual([])
})

test('the versions of a deleted agent go with it, and a running one is warned about', () => {
  const instance = { id: 'i', namespace: 'default', agent: 'shelf', version: 'v1', address: '127.0.0.1', port: 1, zone: '', labels: {}, weight: 1, tls: true, source: 'sidecar' } as const
  const plan = planChange({ ...MESH, instances: [instance] }, [{ ref: refOf(MESH.agents[0]!), expected: 'any', after: null }])
  expect(plan.changes.map(({ ref }) => ref.name)).toEqual(['shelf', 'shelf-v1', 'shelf-v2'])
  expect(plan.problems).toEqual([])
  expect(plan.warnings).toMatchObject([{ code: 'still_running' }])
})
