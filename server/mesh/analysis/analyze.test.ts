import { expect, test } from 'vitest'
import { agent, agentRoute, agentVersion, gateway, grpcRoute, instance, meshState, peerAuthentication, policy, route, trafficPolicy } from '../../compile/fixtures.ts'
import { ANALYSES, type AnalysisCode } from '../../contracts/analysis.ts'
import type { MeshState } from '../../contracts/mesh-state.ts'
import { OPTIONAL_EXTENSIONS } from '../optional-extensions.ts'
import { analyzeChange, analyzeMesh, warnOfChange } from './analyze.ts'

const base = meshState({
  agents: [agent('loom'), agent('spinner')],
  versions: [agentVersion('spinner', 'v1'), agentVersion('spinner', 'v2')],
  instances: [instance('loom', 'v1', 9001), instance('spinner', 'v1', 9101), instance('spinner', 'v1', 9102), instance('spinner', 'v2', 9103), instance('spinner', 'v2', 9104)],
})
const to = (version: string, weight = 1) => ({ kind: 'AgentVersion', name: `spinner-${version}`, weight })
const both = [to('v1'), to('v2')]
const spin = (...rules: unknown[]) => route('spinner', { parentRefs: [{ name: 'spinner' }], rules })
const rule = (more: Record<string, unknown>): Partial<MeshState> => ({ routes: [spin({ backendRefs: both, ...more })] })
const path = (value: string, type = 'PathPrefix') => ({ path: { type, value } })
const guard = (name: string, spec: Record<string, unknown>) => policy(name, { targetRefs: [{ name: 'spinner' }], action: 'Allow', rules: [{ from: [{ agents: ['loom'] }] }], ...spec })
const traffic = (spec: Record<string, unknown>): Partial<MeshState> => ({ trafficPolicies: [trafficPolicy('spinner', { targetRefs: [{ name: 'spinner' }], ...spec })] })

/** Proxies of an Envoy that has nothing of what can be left out. */
const old = (agentName: string, namespace = 'default') => ({ id: `${agentName}-1`, namespace, agent: agentName, lacking: Object.values(OPTIONAL_EXTENSIONS).map(({ type }) => type) })
const OLD = [old('loom'), old('spinner'), old('smith', 'mill')]

const CASES: Record<AnalysisCode, Partial<MeshState>> = {
  rule_shadowed: { routes: [spin({ matches: [path('/a'), path('/')], backendRefs: both }, { matches: [path('/a/b', 'RegularExpression')], backendRefs: both }, { matches: [path('/a')], backendRefs: both })] },
  routes_conflict: { routes: [spin({ backendRefs: both }), route('spinner-two', { parentRefs: [{ name: 'spinner' }], rules: [{ backendRefs: both }] })] },
  no_default_rule: { routes: [spin({ matches: [path('/only')], backendRefs: both })] },
  route_table_long: { routes: Array.from({ length: 3 }, (_, index) => route(`r${index}`, { parentRefs: [{ name: 'spinner' }], rules: [{ matches: Array.from({ length: 40 }, (_, n) => path(`/${index}/${n}`)), backendRefs: both }] })) },
  backend_never_used: rule({ backendRefs: [to('v1', 0), to('v2')] }),
  backend_without_instance: { ...rule({}), instances: base.instances.filter((one) => one.version !== 'v2') },
  share_invisible: rule({ backendRefs: [to('v1', 1), to('v2', 1_000_000)] }),
  version_gets_nothing: rule({ backendRefs: [to('v1')] }),
  regex_unreadable: rule({ matches: [path('/a(?=b)', 'RegularExpression')] }),
  regex_never_fits: rule({ matches: [path('api/.*', 'RegularExpression')] }),
  header_stripped: rule({ matches: [{ headers: [{ name: 'X-Envoy-Retry', value: '1' }] }] }),
  redirect_loops: { routes: [spin({ matches: [path('/old')], filters: [{ type: 'RequestRedirect', requestRedirect: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/old/new' } } }] })] },
  retry_repeats_effects: rule({ retry: { codes: [500], attempts: 1 } }),
  retry_exceeds_timeout: rule({ retry: { codes: [503], attempts: 2 }, timeouts: { request: '5s', backendRequest: '2s' } }),
  retry_without_try_timeout: rule({ retry: { codes: [503], attempts: 1 }, timeouts: { request: '5s' } }),
  retries_many: rule({ retry: { codes: [503], attempts: 4 } }),
  timeout_cuts_stream: { agents: [agent('loom'), agent('spinner', { protocol: 'a2a' })], ...rule({ timeouts: { request: '30s' } }) },
  mirror_doubles: rule({ filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'spinner' } } }] }),
  session_ends_at_version: { ...rule({ sessionPersistence: { type: 'Header', sessionName: 'x-session' } }), ...traffic({ loadBalancer: { policy: 'RoundRobin' } }) },
  grpc_route_elsewhere: { grpcRoutes: [grpcRoute('spinner', { parentRefs: [{ name: 'spinner' }], rules: [{ backendRefs: both }] })] },
  policy_reads_rewritten_path: { ...rule({ filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/x' } } }] }), policies: [guard('paths', { rules: [{ to: [{ paths: ['/a'] }] }] })] },
  policy_matches_nobody: { policies: [guard('nobody', { rules: [{ from: [{ agents: ['ghost'] }] }] })] },
  policy_allows_everybody: { policies: [guard('all', { rules: [{}] })] },
  policy_denies_everything: { policies: [guard('none', { action: 'Deny', rules: [{}] })] },
  policy_allow_overruled: { policies: [guard('a', {}), guard('b', { action: 'Deny' })] },
  policy_hides_card: { agents: [agent('loom'), agent('spinner', { protocol: 'a2a' })], policies: [guard('rpc', { rules: [{ to: [{ methods: ['POST'], paths: ['/rpc'] }] }] })] },
  policy_paths_on_tcp: { agents: [agent('loom'), agent('spinner', { protocol: 'tcp' })], policies: [guard('tcp', { rules: [{ to: [{ paths: ['/a'] }] }] })] },
  tool_unguarded: { agents: [agent('loom'), agent('spinner', { type: 'tool' })] },
  plaintext_unguarded: { peerAuthentications: [peerAuthentication('open', { mtls: 'permissive' })] },
  plaintext_backend: { agents: [agent('loom'), agent('spinner', { instances: [{ address: '10.0.0.1', port: 80 }] })] },
  ejection_leaves_nobody: traffic({ outlierDetection: { consecutive5xx: 3, maxEjectionPercent: 100 } }),
  panic_undoes_ejection: traffic({ outlierDetection: { consecutive5xx: 3, maxEjectionPercent: 50 }, panicThresholdPercent: 50 }),
  locality_unknown: traffic({ locality: {} }),
  breaker_never_opens: traffic({ circuitBreaker: { maxRequests: 100_000 } }),
  breaker_starves: traffic({ circuitBreaker: { maxConnections: 1 } }),
  retry_budget_off: traffic({ circuitBreaker: { maxRetries: 1000 } }),
  keepalive_eager: traffic({ connections: { keepalive: { interval: '1s' } } }),
  connections_short_lived: traffic({ connections: { idleTimeout: '1s' } }),
  fault_hits_everybody: traffic({ fault: { abort: { status: 503, percent: 60 } } }),
  gateway_without_route: { gateways: [gateway('door', 'loom', [{ name: 'http', port: 8088, protocol: 'HTTP' }])] },
  name_in_namespaces: { agents: [...base.agents, agent('loom', {}, 'mill')] },
  unsupported_by_proxies: traffic({ fault: { delay: { duration: '1s', percent: 1 } } }),
  version_name_ambiguous: { agents: [...base.agents, agent('spin-a'), agent('spin')], versions: [agentVersion('spin-a', 'b')], instances: [instance('spin', 'a-b', 9201)] },
}

test.each(Object.entries(CASES) as [AnalysisCode, Partial<MeshState>][])('%s is found where it is, and not where it is not', (code, parts) => {
  const found = analyzeMesh(meshState({ ...base, ...parts }), OLD).filter((finding) => finding.code === code)
  expect(found.length).toBeGreaterThan(0)
  expect(found[0]?.severity).toBe(ANALYSES[code][0])
  expect(found[0]?.detail).not.toMatch(/undefined|NaN|\[object/)
  expect(analyzeMesh(base, OLD).map((finding) => finding.code)).not.toContain(code)
})

test('a mesh without mistakes has no finding, and a change tells what it brings alone', () => {
  expect(analyzeMesh(base)).toEqual([])
  const before = meshState({ ...base, ...rule({ backendRefs: [to('v1')] }) })
  const after = meshState({ ...base, ...rule({ backendRefs: [to('v1')], retry: { codes: [500], attempts: 1 } }) })
  expect(analyzeMesh(after).map((finding) => finding.code)).toEqual(['retry_repeats_effects', 'version_gets_nothing'])
  expect(analyzeChange(before, after).map((finding) => finding.code)).toEqual(['retry_repeats_effects'])
})

const cors = { filters: [{ type: 'CORS', cors: { allowOrigins: ['https://a.example'] } }], backendRefs: both }
const atDoor = route('door', { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'door' }], rules: [cors] })
const door = { gateways: [gateway('door', 'loom', [{ name: 'http', port: 8088, protocol: 'HTTP' }])], routes: [atDoor] }

test.each<[string, Partial<MeshState>, string, string[]]>([
  ['a fault is made by callers, of every namespace that may call', traffic({ fault: { abort: { status: 503, percent: 1 } } }), '/spec/fault', ['loom-1', 'spinner-1', 'smith-1']],
  ['a spread is the callers’ too', { ...traffic({ loadBalancer: { policy: 'Utilization' } }), agents: [agent('loom'), agent('spinner', { exportTo: [] })] }, '/spec/loadBalancer/policy', ['loom-1', 'spinner-1']],
  ['a rate limit is held by the agent’s own', traffic({ rateLimit: { requests: 5 } }), '/spec/rateLimit', ['spinner-1']],
  ['CORS is answered where the route is held', rule(cors), '/spec/rules/0/filters/0', ['loom-1', 'spinner-1', 'smith-1']],
  ['CORS of a gateway is answered by the gateway', door, '/spec/rules/0/filters/0', ['loom-1']],
  ['tasks are read where they are sent', { agentRoutes: [agentRoute('ask', { semantic: {} })] }, '/spec/semantic', ['loom-1', 'spinner-1', 'smith-1']],
])('%s: those that lack it are named', (_, parts, pointer, proxies) => {
  const state = meshState({ ...base, ...parts })
  const found = analyzeMesh(state, OLD).filter(({ code }) => code === 'unsupported_by_proxies')
  expect(found.map((finding) => [finding.pointer, finding.proxies])).toEqual([[pointer, proxies]])
  expect(warnOfChange(base, state, OLD).map(({ code }) => code)).toContain('unsupported_by_proxies')
  expect(analyzeMesh(state, [{ ...OLD[0]!, lacking: [] }]).map(({ code }) => code)).not.toContain('unsupported_by_proxies')
})
