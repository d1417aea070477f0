// What Envoy takes in silence and then does something else, as far as our objects can say it, and what it refuses with words that name no
// object: each is refused at its field before it is stored, or told as a finding. By the door that everybody uses.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commitChange } from '#server/changes/commit.ts'
import { AgentVersion } from '#server/contracts/agent.ts'
import { GATEWAY_API, HEDDLE_API } from '#server/contracts/meta.ts'
import { KINDS, type Kind } from '#server/contracts/object.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const things = new AsyncDisposableStack()
let operator: Awaited<ReturnType<typeof startApi>>
beforeAll(async () => {
  operator = await startApi()
})
afterAll(() => things.disposeAsync())

const of = (kind: Kind, spec: unknown, more: object = {}) => ({ apiVersion: /Route$|^Gateway$/.test(kind) && kind !== 'AgentRoute' ? GATEWAY_API : HEDDLE_API, kind, metadata: { name: 'x' }, spec, ...more })
const toSpinner = { parentRefs: [{ name: 'spinner' }] }
const backendRefs = [{ name: 'spinner' }]
const route = (...rules: object[]) => of('HTTPRoute', { ...toSpinner, rules: rules.map((rule) => ({ backendRefs, ...rule })) })
const edit = (fields: object) => route({ filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: fields }] })
const traffic = (fields: object, target = 'spinner') => of('TrafficPolicy', { targetRefs: [{ name: target }], ...fields })
const gateway = (...listeners: object[]) => of('Gateway', { listeners: listeners.map((listener) => ({ port: 8099, protocol: 'HTTP', ...listener })), infrastructure: { parametersRef: { group: 'heddle.dev', kind: 'Agent', name: 'loom' } } })
const versions = (...weights: [string, number][]) => route({ backendRefs: weights.map(([name, weight]) => ({ kind: 'AgentVersion', name: `spinner-${name}`, weight })) })
const rule0 = '/spec/rules/0'

type Row = [what: string, object: ReturnType<typeof of>, pointer: string, code: string]

const REFUSED: Row[] = [
  ['a total weight that does not fit: nothing at all', versions(['v1', 0], ['v2', 0]), `${rule0}/backendRefs`, 'weights_all_zero'],
  ['a total weight that does not fit: too much', versions(['v1', 1_000_001]), `${rule0}/backendRefs/0/weight`, 'too_big'],
  ['a weight to a cluster that does not exist', versions(['v1', 1], ['v9', 1]), `${rule0}/backendRefs/1/name`, 'dangling'],
  ['a copy to a cluster that does not exist', route({ filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'ghost' } } }] }), `${rule0}/filters/0/requestMirror/backendRef/name`, 'dangling'],
  ['two listeners of one name', gateway({ name: 'a' }, { name: 'a', port: 8100 }), '/spec/listeners/1/name', 'repeated'],
  ['a listener without a name', gateway({}), '/spec/listeners/0/name', 'wrong_type'],
  ['settings of a filter that is not in the chain: a rate limit of TCP', traffic({ rateLimit: { requests: 1 } }, 'ledger'), '/spec/rateLimit', 'without_effect'],
  ['settings of a filter that is not in the chain: tools of an agent that has none', of('AuthorizationPolicy', { targetRefs: [{ name: 'spinner' }], action: 'Allow', rules: [{ to: [{ tools: ['search'] }] }] }), `${rule0}/to/0/tools`, 'without_effect'],
  ['settings of a filter of another type', route({ filters: [{ type: 'CORS', requestMirror: { backendRef: { name: 'loom' } } }] }), `${rule0}/filters/0/cors`, 'wrong_type'],
  ['an unknown word of what is tried again', route({ retry: { codes: ['5xx'], attempts: 1 } }), `${rule0}/retry/codes/0`, 'wrong_type'],
  ['an answer that is never tried again', route({ retry: { codes: [200], attempts: 1 } }), `${rule0}/retry/codes/0`, 'too_small'],
  ['a service that is not there: who answers when nobody fits', of('AgentRoute', { require: { capability: 'a' }, fallback: { name: 'ghost' } }), '/spec/fallback/name', 'dangling'],
  ['a service that is not there: a candidate', of('AgentRoute', { candidates: [{ name: 'ghost' }] }), '/spec/candidates/0/name', 'dangling'],
  ['a service that is not there: a gateway beside nobody', of('Gateway', { listeners: [{ name: 'a', port: 8099, protocol: 'HTTP' }], infrastructure: { parametersRef: { group: 'heddle.dev', kind: 'Agent', name: 'ghost' } } }), '/spec/infrastructure/parametersRef/name', 'dangling'],
  ['a hash of no key', traffic({ loadBalancer: { policy: 'RingHash' } }), '/spec/loadBalancer/hashHeader', 'invalid'],
  ['a session by no key', route({ sessionPersistence: { type: 'Header' } }), `${rule0}/sessionPersistence/sessionName`, 'wrong_type'],
  ['a blank in a header that is matched', route({ matches: [{ headers: [{ name: 'x tier', value: 'gold' }] }] }), `${rule0}/matches/0/headers/0/name`, 'wrong_format'],
  ['a blank in a header that is set', edit({ set: [{ name: 'x tier', value: 'gold' }] }), `${rule0}/filters/0/requestHeaderModifier/set/0/name`, 'wrong_format'],
  ['a blank in a header that is removed', edit({ remove: ['x tier'] }), `${rule0}/filters/0/requestHeaderModifier/remove/0`, 'wrong_format'],
  ['a blank in a header that is hashed', traffic({ loadBalancer: { policy: 'Maglev', hashHeader: 'x tier' } }), '/spec/loadBalancer/hashHeader', 'wrong_format'],
  ['a blank in a header that marks faults', traffic({ fault: { abort: { status: 503 }, header: { name: 'x tier', value: 'a' } } }), '/spec/fault/header/name', 'wrong_format'],
  ['a blank in a header that a session goes by', route({ sessionPersistence: { type: 'Header', sessionName: 'x tier' } }), `${rule0}/sessionPersistence/sessionName`, 'wrong_format'],
  ['a blank in a header of gRPC', of('GRPCRoute', { ...toSpinner, rules: [{ matches: [{ headers: [{ name: 'x tier', value: 'gold' }] }], backendRefs }] }), `${rule0}/matches/0/headers/0/name`, 'wrong_format'],
  ['a name that differs from the resource’s own', of('HTTPRoute', { ...toSpinner, rules: [{ backendRefs }] }, { metadata: { name: 'y' } }), '/metadata/name', 'wrong_address'],
  ...(Object.keys(KINDS) as Kind[]).filter((kind) => !KINDS[kind].readOnly).map((kind): Row => [`an unknown field of ${kind}`, of(kind, { nobodyKnowsThis: 1 }), '/spec/nobodyKnowsThis', 'unknown_field']),
  // What Envoy refuses, for all of a listener or a cluster at once, and names no object.
  ['no time to connect', traffic({ connections: { connectTimeout: '0s' } }), '/spec/connections/connectTimeout', 'too_small'],
  ['a negative time', route({ timeouts: { request: '-1s' } }), `${rule0}/timeouts/request`, 'wrong_format'],
  ['a percentage beyond 100', traffic({ fault: { abort: { status: 503, percent: 101 } } }), '/spec/fault/abort/percent', 'too_big'],
  ['a status that is none', traffic({ fault: { abort: { status: 99 } } }), '/spec/fault/abort/status', 'too_small'],
  ['an instance without weight', of('Agent', { instances: [{ address: '10.0.0.1', port: 80, weight: 0 }] }), '/spec/instances/0/weight', 'too_small'],
  ['the host changed as a header', edit({ set: [{ name: 'Host', value: 'a' }] }), `${rule0}/filters/0/requestHeaderModifier/set/0/name`, 'header_not_editable'],
  ['a pseudo-header changed', edit({ set: [{ name: ':path', value: '/' }] }), `${rule0}/filters/0/requestHeaderModifier/set/0/name`, 'wrong_format'],
  ['one port twice', gateway({ name: 'a' }, { name: 'b' }), '/spec/listeners/1/port', 'port_taken'],
  ['one host twice', of('HTTPRoute', { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'door' }], hostnames: ['a.example', 'a.example'], rules: [{ backendRefs }] }), '/spec/hostnames/1', 'repeated'],
]

test.each(REFUSED)('refused at its field: %s', async (_, object, pointer, code) => {
  const path = pathOf(object)
  const dry = await (await operator.put(`${path}?dryRun=All`, object)).json()
  expect(dry).toMatchObject({ valid: false, problems: expect.arrayContaining([expect.objectContaining({ pointer, code })]) })
  expect((await operator.put(path, object)).status).toBe(422)
  expect((await operator.get(path)).status).toBe(404)
})

const TOLD: Row[] = [
  ['an expression that Envoy reads in another way', route({ matches: [{ path: { type: 'RegularExpression', value: '/a(?=b)' } }] }), `${rule0}/matches/0/path/value`, 'regex_unreadable'],
  ['an expression that fits no path', route({ matches: [{ path: { type: 'RegularExpression', value: 'api/.*' } }] }), `${rule0}/matches/0/path/value`, 'regex_never_fits'],
  ['a header that is gone before it is matched', route({ matches: [{ headers: [{ name: 'x-envoy-retry-on', value: '5xx' }] }] }), `${rule0}/matches/0/headers/0/name`, 'header_stripped'],
  ['a rule that another one hides', route({}, { matches: [{ path: { value: '/' } }] }), '/spec/rules/1/matches/0', 'rule_shadowed'],
  ['priorities of instances that nobody placed', traffic({ locality: {} }), '/spec/locality', 'locality_unknown'],
  ['a backend that nobody runs', versions(['v1', 1], ['v2', 1]), `${rule0}/backendRefs/1/name`, 'backend_without_instance'],
  ['tries that do not fit their time', route({ retry: { codes: [503], attempts: 3 }, timeouts: { request: '2s', backendRequest: '1s' } }), `${rule0}/timeouts`, 'retry_exceeds_timeout'],
]

test.each(TOLD)('told as a finding: %s', async (_, object, pointer, code) => {
  const path = pathOf(object)
  expect((await operator.put(path, object)).status).toBe(201)
  const { items } = await (await operator.get('/analysis')).json()
  await operator.delete(path)
  expect(items).toContainEqual(expect.objectContaining({ object: { kind: object.kind, namespace: 'default', name: 'x' }, pointer, code }))
})

function pathOf({ kind }: { kind: Kind }): string {
  return `/namespaces/default/${KINDS[kind].plural}/x`
}

async function startApi() {
  const db = things.use(await testDatabase())
  const api = (await testApi(db)).as('operator')
  const agents = [['loom', {}], ['spinner', { instances: [{ address: '127.0.0.1', port: 9000 }] }], ['ledger', { protocol: 'tcp' }]] as const
  await api.post('/objects', { items: [...agents.map(([name, spec]) => ({ ...of('Agent', spec), metadata: { name } })), { ...gateway({ name: 'http', port: 8088 }), metadata: { name: 'door' } }] })
  const registered = ['v1', 'v2'].map((version) => AgentVersion.parse({ apiVersion: HEDDLE_API, kind: 'AgentVersion', metadata: { name: `spinner-${version}` }, spec: { agent: 'spinner', version } }))
  await commitChange(db, { mesh: 'local', author: 'control', reason: 'registered', changes: registered.map((after) => ({ ref: { kind: 'AgentVersion', namespace: 'default', name: after.metadata.name } as const, expected: null, after })) })
  return api
}
