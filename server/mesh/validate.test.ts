// Every refusal and warning of the validators: one object that is wrong in one way, and exactly what is said of it.
import { expect, test } from 'vitest'
import { agent, agentVersion, egressPolicy, externalService, gateway, grpcRoute, instance, meshState, peerAuthentication, policy, route, trafficPolicy } from '../compile/fixtures.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { applyChanges } from './change.ts'
import { validateMesh } from './validate.ts'

const base = meshState({
  agents: [agent('loom'), agent('spinner'), agent('ledger', { protocol: 'tcp' }), agent('hidden', { exportTo: [] }, 'mill'), agent('many'), agent('box', { protocol: 'mcp' })],
  versions: [agentVersion('spinner', 'v1'), agentVersion('many', 'v1'), agentVersion('many', 'v2')],
  instances: [instance('spinner', 'v1', 9001)],
  gateways: [gateway('door', 'loom', [{ name: 'http', port: 8088, protocol: 'HTTP', hostname: 'mill.example' }])],
  externalServices: [externalService('aaa', { host: 'taken.example' }), externalService('aaa', { host: 'lent.example', from: [{ namespaces: ['default'] }] }, 'mill')],
  egressPolicies: [egressPolicy('aaa', { unknownHosts: 'Block' })],
  trafficPolicies: [trafficPolicy('aaa', { targetRefs: [{ name: 'loom' }], panicThresholdPercent: 5 })],
  peerAuthentications: [peerAuthentication('aaa', { mtls: 'strict' }), peerAuthentication('aab', { targetRefs: [{ name: 'loom' }], mtls: 'strict' })],
})

const backendRefs = [{ name: 'spinner' }]
const of = (name: string, ...rules: unknown[]) => route('r', { parentRefs: [{ name }], rules })
const filtered = (filter: unknown, more: Record<string, unknown> = {}) => of('spinner', { filters: [filter], backendRefs, ...more })
const redirect = (requestRedirect: unknown, more: Record<string, unknown> = {}) => of('spinner', { filters: [{ type: 'RequestRedirect', requestRedirect }], ...more })
const rewrite = (urlRewrite: unknown, more: Record<string, unknown> = {}) => filtered({ type: 'URLRewrite', urlRewrite }, more)
const cors = (fields: Record<string, unknown>) => filtered({ type: 'CORS', cors: { allowOrigins: ['https://a.example'], ...fields } })
const mirror = (backendRef: unknown) => filtered({ type: 'RequestMirror', requestMirror: { backendRef } })
const session = (fields: Record<string, unknown>) => of('spinner', { backendRefs, sessionPersistence: { sessionName: 'x-session', ...fields } })
const throughDoor = (parent: Record<string, unknown>, more: Record<string, unknown> = {}) => route('r', { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'door', ...parent }], rules: [{ backendRefs }], ...more })
const traffic = (spec: Record<string, unknown>, target = 'spinner') => trafficPolicy('zzz', { targetRefs: [{ name: target }], ...spec })
const allow = (rule: Record<string, unknown>, more: Record<string, unknown> = {}) => policy('p', { targetRefs: [{ name: 'spinner' }], action: 'Allow', rules: [rule], ...more })
const outside = (spec: Record<string, unknown>) => externalService('o', { host: 'api.example', ...spec })
const edit = (fields: Record<string, unknown>) => ({ type: 'RequestHeaderModifier', requestHeaderModifier: fields })
const rule0 = '/spec/rules/0'

const TABLE: [string, MeshObject, string[]][] = [
  ['a sound route', of('spinner', { backendRefs }), []],
  ['an agent of another group', route('r', { parentRefs: [{ group: 'gateway.networking.k8s.io', name: 'spinner' }], rules: [{ backendRefs }] }), ['/spec/parentRefs/0/group not_allowed_value']],
  ['a parent of another namespace', route('r', { parentRefs: [{ namespace: 'mill', name: 'hidden' }], rules: [{ backendRefs }] }), ['/spec/parentRefs/0/namespace not_allowed_value']],
  ['a section of an agent', route('r', { parentRefs: [{ name: 'spinner', sectionName: 'a', port: 80 }], rules: [{ backendRefs }] }), ['/spec/parentRefs/0/sectionName without_effect', '/spec/parentRefs/0/port without_effect']],
  ['a listener that is not there', throughDoor({ sectionName: 'nope', port: 1 }), ['/spec/parentRefs/0/sectionName dangling', '/spec/parentRefs/0/port dangling']],
  ['a host that no listener takes', throughDoor({}, { hostnames: ['other.example'] }), ['/spec/hostnames/0 without_effect']],
  ['a host twice', throughDoor({}, { hostnames: ['mill.example', 'mill.example'] }), ['/spec/hostnames/1 repeated']],
  ['a parent twice', route('r', { parentRefs: [{ name: 'spinner' }, { name: 'spinner' }], rules: [{ backendRefs }] }), ['/spec/parentRefs/1 repeated']],
  ['matches of a TCP agent', of('ledger', { matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 'ledger' }] }, { backendRefs: [{ name: 'ledger' }] }), ['/spec/rules/1 unreachable', `${rule0}/matches/0 without_effect`]],
  ['a backend that is not exported here', of('spinner', { backendRefs: [{ namespace: 'mill', name: 'hidden' }] }), [`${rule0}/backendRefs/0/namespace not_exported`]],
  ['a retry code twice', of('spinner', { backendRefs, retry: { codes: [503, 503] } }), [`${rule0}/retry/codes/1 repeated`]],
  ['a query expression', of('spinner', { matches: [{ queryParams: [{ name: 'q', type: 'RegularExpression', value: '.' }] }], backendRefs }), [`${rule0}/matches/0/queryParams/0/value regex_unverified`]],
  ['a gRPC expression', grpcRoute('g', { parentRefs: [{ name: 'spinner' }], rules: [{ matches: [{ method: { type: 'RegularExpression', service: 'a' } }], backendRefs }] }), [`${rule0}/matches/0/method regex_unverified`]],
  ['a gRPC method alone', grpcRoute('g', { parentRefs: [{ name: 'spinner' }], rules: [{ matches: [{ method: { method: 'Ask' } }], backendRefs }] }), []],
  ['a redirect with a backend', redirect({ hostname: 'a.example' }, { backendRefs }), [`${rule0}/backendRefs filters_conflict`]],
  ['a redirect that rewrites', of('spinner', { filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'a.example' } }, { type: 'URLRewrite', urlRewrite: { hostname: 'b.example' } }] }), [`${rule0}/filters/1 filters_conflict`]],
  ['a redirect to nowhere', redirect({}), [`${rule0}/filters/0/requestRedirect without_effect`]],
  ['a sound redirect', redirect({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } }), []],
  ['a prefix of no prefix', redirect({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } }, { matches: [{ path: { type: 'Exact', value: '/a' } }] }), [`${rule0}/filters/0/requestRedirect/path needs_prefix_match`]],
  ['a path without slash', rewrite({ path: { type: 'ReplaceFullPath', replaceFullPath: 'b' } }), [`${rule0}/filters/0/urlRewrite/path/replaceFullPath wrong_format`]],
  ['a path with a query', rewrite({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b?c' } }), [`${rule0}/filters/0/urlRewrite/path/replacePrefixMatch wrong_format`]],
  ['a rewrite of nothing', rewrite({}), [`${rule0}/filters/0/urlRewrite without_effect`]],
  ['CORS for nobody', cors({ allowOrigins: [] }), [`${rule0}/filters/0/cors/allowOrigins without_effect`]],
  ['CORS with credentials for any header', cors({ allowCredentials: true, allowHeaders: ['*'], exposeHeaders: ['*'] }), [`${rule0}/filters/0/cors/allowHeaders cors_wildcard`, `${rule0}/filters/0/cors/exposeHeaders cors_wildcard`]],
  ['CORS with credentials for any site', cors({ allowCredentials: true, allowOrigins: ['*'] }), [`${rule0}/filters/0/cors/allowOrigins cors_any_origin`]],
  ['a mirror', mirror({ name: 'loom' }), [`${rule0}/filters/0/requestMirror mirror_executes`]],
  ['a mirror to nobody', mirror({ name: 'ghost' }), [`${rule0}/filters/0/requestMirror mirror_executes`, `${rule0}/filters/0/requestMirror/backendRef/name dangling`]],
  ['a mirror to many', mirror({ name: 'many' }), [`${rule0}/filters/0/requestMirror mirror_executes`, `${rule0}/filters/0/requestMirror/backendRef mirror_spread`]],
  ['two mirrors', of('spinner', { filters: [1, 2].map(() => ({ type: 'RequestMirror', requestMirror: { backendRef: { name: 'loom' } } })), backendRefs }), [`${rule0}/filters/0/requestMirror mirror_executes`, `${rule0}/filters/1/requestMirror mirror_executes`]],
  ['a backend filter twice', of('spinner', { backendRefs: [{ name: 'spinner', filters: [edit({ remove: ['a'] }), edit({ remove: ['b'] })] }] }), [`${rule0}/backendRefs/0/filters/1/type repeated`]],
  ['a header edited twice', filtered(edit({ set: [{ name: 'a', value: '1' }], remove: ['A'] })), [`${rule0}/filters/0/requestHeaderModifier/remove/0 repeated`]],
  ['a session by cookie', session({}), [`${rule0}/sessionPersistence session_first_call`]],
  ['a session by cookie over two backends', of('spinner', { backendRefs: [...backendRefs, { name: 'loom' }], sessionPersistence: { sessionName: 'x-session' } }), [`${rule0}/sessionPersistence session_first_call`]],
  ['a header with a cookie', session({ type: 'Header', cookieConfig: {} }), [`${rule0}/sessionPersistence/cookieConfig without_effect`]],
  ['a header with a lifetime', session({ type: 'Header', absoluteTimeout: '1h' }), [`${rule0}/sessionPersistence/absoluteTimeout without_effect`]],
  ['a cookie for ever', session({ cookieConfig: { lifetimeType: 'Permanent' } }), [`${rule0}/sessionPersistence/absoluteTimeout required`, `${rule0}/sessionPersistence session_first_call`]],
  ['a traffic policy of nothing', traffic({}), ['/spec without_effect']],
  ['a traffic policy for nobody', traffic({ panicThresholdPercent: 1 }, 'ghost'), ['/spec/targetRefs/0/name dangling']],
  ['an agent named twice', trafficPolicy('zzz', { targetRefs: [{ name: 'spinner' }, { name: 'spinner' }], panicThresholdPercent: 1 }), ['/spec/targetRefs/1/name repeated']],
  ['calls of a TCP agent', traffic({ rateLimit: { requests: 1 }, panicThresholdPercent: 1 }, 'ledger'), ['/spec/rateLimit without_effect']],
  ['reports of a TCP agent', traffic({ loadBalancer: { policy: 'Utilization' } }, 'ledger'), ['/spec/loadBalancer/policy without_effect']],
  ['no blackout at all', traffic({ loadBalancer: { policy: 'Utilization', utilization: { blackoutPeriod: '0s' } } }), ['/spec/loadBalancer/utilization/blackoutPeriod too_small']],
  ['no time at all', traffic({ connections: { connectTimeout: '0s' } }), ['/spec/connections/connectTimeout too_small']],
  ['a bucket too quick', traffic({ rateLimit: { requests: 1, per: '10ms' } }), ['/spec/rateLimit/per too_small']],
  ['a burst below the rate', traffic({ rateLimit: { requests: 5, burst: 2 } }), ['/spec/rateLimit/burst too_small']],
  ['a patient connection', traffic({ connections: { connectTimeout: '2m' } }), ['/spec/connections/connectTimeout slow_to_notice']],
  ['a fault', traffic({ fault: { abort: { status: 500 } } }), ['/spec/fault fault_on_purpose']],
  ['a field that an older policy has', traffic({ panicThresholdPercent: 1 }, 'loom'), ['/spec/panicThresholdPercent overridden']],
  ['plaintext', peerAuthentication('zzz', { targetRefs: [{ name: 'spinner' }], mtls: 'permissive' }), ['/spec/mtls plaintext_taken']],
  ['a second word on a namespace', peerAuthentication('zzz', { mtls: 'strict' }), ['/spec overridden']],
  ['a second word on an agent', peerAuthentication('zzz', { targetRefs: [{ name: 'loom' }], mtls: 'strict' }), ['/spec overridden']],
  ['a policy that denies nothing', allow({}, { action: 'Deny', rules: [] }), ['/spec/rules without_effect']],
  ['tools of an agent that has none', allow({ to: [{ tools: ['search'] }] }), [`${rule0}/to/0/tools without_effect`]],
  ['a tool twice', policy('p', { targetRefs: [{ name: 'box' }], action: 'Allow', rules: [{ to: [{ tools: ['search', 'search'] }] }] }), [`${rule0}/to/0/tools/1 repeated`]],
  ['an operation of nothing', allow({ to: [{}] }), [`${rule0}/to/0 without_effect`]],
  ['a namespace not seen yet', allow({ from: [{ namespaces: ['nowhere'] }] }), [`${rule0}/from/0/namespaces/0 unknown_caller`]],
  ['a version of no agent', agentVersion('ghost', 'v1'), ['/spec/agent dangling']],
  ['a certificate twice', gateway('g', 'loom', [{ name: 'a', port: 2, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'x' }, { name: 'x' }] } }]), ['/spec/listeners/0/tls/certificateRefs/1/name repeated']],
  ['a gateway of no agent', gateway('g', 'ghost', [{ name: 'a', port: 1, protocol: 'HTTP' }]), ['/spec/infrastructure/parametersRef/name dangling']],
  ['a listener twice', gateway('g', 'spinner', [{ name: 'a', port: 1, protocol: 'HTTP' }, { name: 'a', port: 2, protocol: 'HTTP' }]), ['/spec/listeners/1/name repeated']],
  ['a port that another gateway has', gateway('g', 'loom', [{ name: 'a', port: 8088, protocol: 'HTTP' }]), ['/spec/listeners/0/port port_taken']],
  ['a host that is another’s', outside({ host: 'taken.example' }), ['/spec/host host_taken']],
  ['a host that is said elsewhere', outside({ host: 'lent.example' }), ['/spec/host overrides']],
  ['a host that is an agent’s name', outside({ host: 'loom.default' }), ['/spec/host host_taken']],
  ['a credential for a blocked host', outside({ access: 'Block', tls: { mode: 'Originate' }, credential: { name: 'key' } }), ['/spec/credential without_effect']],
  ['callers of a blocked host', outside({ access: 'Block', from: [{ agents: ['loom'] }] }), ['/spec/from without_effect']],
  ['an outside without TLS', outside({ port: 80, tls: { mode: 'None' } }), ['/spec/tls/mode plaintext_sent']],
  ['TLS where it rarely is', outside({ port: 80 }), ['/spec/port unusual']],
  ['an address twice', outside({ addresses: ['10.0.0.1', '10.0.0.1'] }), ['/spec/addresses/1 repeated']],
  ['a caller not seen yet', outside({ from: [{ agents: ['ghost'] }] }), ['/spec/from/0/agents/0 unknown_caller']],
  ['a second word on the outside', egressPolicy('zzz', { unknownHosts: 'Allow' }), ['/spec overridden']],
  ['an egress policy for nobody', egressPolicy('zzz', { targetRefs: [{ name: 'ghost' }], unknownHosts: 'Allow' }), ['/spec/targetRefs/0/name dangling']],
  ['a capability twice', agent('spinner', { capabilities: [{ id: 'a' }, { id: 'a' }] }), ['/spec/capabilities/1/id repeated']],
  ['an export twice', agent('spinner', { exportTo: ['*', '*'] }), ['/spec/exportTo/1 repeated']],
]

test.each(TABLE)('%s', (_, object, said) => {
  const state: MeshState = applyChanges(base, [{ ref: refOf(object), expected: 'any', after: object }])
  const own = validateMesh(state).filter((finding) => finding.object.kind === object.kind && finding.object.name === object.metadata.name && finding.object.namespace === object.metadata.namespace)
  expect(own.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(said)
})

test('a session by cookie is refused where its second call could go to another backend, and only warned of elsewhere', () => {
  const levelsOf = (...refs: object[]) => {
    const object = of('spinner', { backendRefs: refs, sessionPersistence: { sessionName: 'talk' } })
    return validateMesh(applyChanges(base, [{ ref: refOf(object), expected: 'any', after: object }])).flatMap(({ code, level }) => (code === 'session_first_call' ? [level] : []))
  }
  expect([levelsOf({ name: 'spinner' }), levelsOf({ name: 'spinner' }, { name: 'loom', weight: 0 }), levelsOf({ name: 'spinner' }, { name: 'loom' })]).toEqual([['warning'], ['warning'], ['problem']])
})

test('the mesh that the table begins with is sound', () => {
  expect(validateMesh(base).filter((finding) => finding.level === 'problem')).toEqual([])
})
