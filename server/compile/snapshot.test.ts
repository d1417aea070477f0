import { readFileSync, writeFileSync } from 'node:fs'
import { fromJson, toBinary, type JsonValue } from '@bufbuild/protobuf'
import { beforeAll, expect, test } from 'vitest'
import type { MeshState } from '../contracts/mesh-state.ts'
import { agent, agentVersion, egressPolicy, externalService, gateway, grpcRoute, instance, meshState, peerAuthentication, policy, proxyView, route, split, trafficPolicy } from './fixtures.ts'
import { TYPE } from './names.ts'
import { envoyApi } from './protos/registry.ts'
import { compileSnapshot, listResources } from './snapshot.ts'

beforeAll(() => void envoyApi(), 60_000) // half a megabyte of descriptors, slow on a busy machine

const weaver = meshState({
  agents: [
    agent('loom', { protocol: 'a2a' }),
    agent('spinner', { protocol: 'a2a', mtls: 'permissive' }),
    agent('dyer', { protocol: 'mcp', type: 'tool', instances: [{ address: 'dye.example', port: 8443, weight: 2 }] }),
    agent('hidden', { exportTo: [] }, 'mill'),
    agent('shared', {}, 'mill'),
    agent('ledger', { protocol: 'tcp' }),
    agent('teller', { protocol: 'grpc' }),
  ],
  versions: [agentVersion('spinner', 'v1'), agentVersion('spinner', 'v2'), agentVersion('shared', '1.4.0', 'mill')],
  instances: [instance('loom', 'v1', 9101), instance('spinner', 'v1', 9201), instance('spinner', 'v1', 9202), instance('spinner', 'v2', 9203), instance('ledger', 'v1', 9301), instance('teller', 'v1', 9302)],
  routes: [
    split('spinner', { v1: 90, v2: 10 }),
    route('front', {
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'door' }],
      rules: [
        { matches: [{ path: { value: '/spin' } }], backendRefs: [{ kind: 'Agent', name: 'spinner' }], timeouts: { request: '1m30s' }, retry: { codes: [503], attempts: 2, backoff: '100ms' } },
        { matches: [{ path: { type: 'RegularExpression', value: '/v[0-9]+' } }], filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-share', value: '100%' }] } }], backendRefs: [{ name: 'loom' }] },
        { backendRefs: [{ name: 'loom', weight: 3 }, { name: 'nobody', weight: 1 }] },
      ],
    }),
    route('dyer', {
      parentRefs: [{ name: 'dyer' }],
      rules: [
        { matches: [{ path: { value: '/old' } }], filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', hostname: 'dye.example', port: 443, path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' }, statusCode: 301 } }] },
        {
          matches: [{ path: { value: '/copy' }, method: 'POST' }],
          filters: [
            { type: 'RequestMirror', requestMirror: { backendRef: { kind: 'AgentVersion', name: 'spinner-v2' }, fraction: { numerator: 1, denominator: 8 } } },
            { type: 'CORS', cors: { allowOrigins: ['https://*.example.com', '*'], allowMethods: ['POST'], allowHeaders: ['x-task'], maxAge: 60 } },
            { type: 'URLRewrite', urlRewrite: { hostname: 'dye.example', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
          ],
          backendRefs: [{ name: 'dyer', filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['server'] } }] }],
          sessionPersistence: { type: 'Header', sessionName: 'x-session' },
        },
      ],
    }),
  ],
  grpcRoutes: [
    grpcRoute('teller', {
      parentRefs: [{ name: 'teller' }],
      rules: [{ matches: [{ method: { service: 'bank.Teller', method: 'Ask' } }, { method: { service: 'bank.Teller' } }, { method: { method: 'Ask' } }, { method: { type: 'RegularExpression', service: 'bank\\..+' } }], backendRefs: [{ name: 'teller' }] }],
    }),
  ],
  trafficPolicies: [
    trafficPolicy('guarded', {
      targetRefs: [{ name: 'shared' }],
      loadBalancer: { policy: 'RingHash', hashHeader: 'x-session' },
      circuitBreaker: { maxRequests: 10, maxRetries: 3 },
      connections: { connectTimeout: '1s', idleTimeout: '5m', maxRequestsPerConnection: 100, keepalive: { interval: '10s' } },
      outlierDetection: { consecutive5xx: 3 },
      panicThresholdPercent: 30,
      fault: { delay: { duration: '250ms', percent: 50 }, abort: { status: 503, percent: 0.5 }, header: { name: 'X-Chaos', value: 'yes' } },
    }, 'mill'),
    trafficPolicy('slow', { targetRefs: [{ name: 'spinner' }], loadBalancer: { slowStart: { window: '30s' } }, rateLimit: { requests: 10, per: '1s', burst: 20, perCaller: true } }),
  ],
  peerAuthentications: [peerAuthentication('open', { targetRefs: [{ name: 'loom' }], mtls: 'permissive' }), peerAuthentication('mill', { mtls: 'strict' }, 'mill')],
  gateways: [gateway('door', 'loom', [{ name: 'http', port: 8088, protocol: 'HTTP' }])],
  policies: [
    policy('loom-only', { targetRefs: [{ name: 'spinner' }], action: 'Allow', rules: [{ from: [{ agents: ['loom'] }], to: [{ methods: ['POST'], paths: ['/rpc', '/files/*'] }] }] }),
    policy('not-mill', { targetRefs: [{ name: 'spinner' }], action: 'Deny', rules: [{ from: [{ namespaces: ['mill'] }] }] }),
    policy('tools', { targetRefs: [{ name: 'spinner' }], action: 'Deny', rules: [{ to: [{ tools: ['unravel'] }] }] }),
    policy('maybe', { targetRefs: [{ name: 'spinner' }], action: 'Deny', mode: 'Audit', rules: [{ to: [{ paths: ['/files/*'] }] }] }),
  ],
  externalServices: [
    externalService('models', { host: 'api.models.example', type: 'model', tls: { mode: 'Originate' }, credential: { name: 'key', prefix: 'Bearer ' }, from: [{ agents: ['loom'] }] }),
    externalService('vault', { host: 'vault.example', port: 8200, addresses: ['10.0.0.7', '10.0.0.8'], tls: { mode: 'Originate', caRef: { name: 'inner' } } }),
    externalService('pages', { host: 'pages.example' }),
    externalService('leak', { host: 'leak.example', access: 'Block' }),
  ],
  egressPolicies: [egressPolicy('closed', { targetRefs: [{ name: 'spinner' }], unknownHosts: 'Block' })],
  revoked: ['spiffe://mesh.test/ns/default/agent/gone'],
})

test.each([
  ['loom', proxyView('loom')],
  ['spinner', proxyView('spinner', { agentTarget: { socket: '/run/spinner.sock' } })],
])('the snapshot of %s is the golden one', (name, proxy) => {
  const json = `${JSON.stringify(Object.fromEntries(listResources(compileSnapshot(weaver, proxy)).map((one) => [`${one.typeUrl.split('.').at(-1)} ${one.name}`, one.json])), null, 2)}\n`
  const file = new URL(`testdata/${name}.json`, import.meta.url)
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, json)
  expect(json).toBe(readFileSync(file, 'utf8'))
})

test('what goes over the wire is what the library makes of the same JSON', () => {
  for (const name of ['loom', 'spinner']) {
    for (const { typeUrl, json, bytes } of listResources(compileSnapshot(weaver, proxyView(name)))) {
      const { '@type': _, ...fields } = json
      const message = envoyApi().getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) ?? expect.fail(typeUrl)
      expect(Buffer.compare(bytes, toBinary(message, fromJson(message, fields as JsonValue, { registry: envoyApi() }))), String(json['name'])).toBe(0)
    }
  }
})

test('a mesh read in another order makes the same bytes', () => {
  const versions = (state: MeshState) => listResources(compileSnapshot(state, proxyView('loom'))).map((one) => `${one.name} ${one.version}`)
  const expected = versions(weaver)
  for (let round = 0; round < 100; round++) {
    const shuffled = Object.fromEntries(Object.entries(weaver).map(([key, value]) => [key, Array.isArray(value) ? shuffle(value) : value])) as unknown as MeshState // same keys, same types
    expect(versions(shuffled)).toEqual(expected)
  }
})

test('an edit of weights touches one virtual host of a caller and nothing of its listeners', () => {
  const edited = { ...weaver, routes: [split('spinner', { v1: 50, v2: 50 }), ...weaver.routes.slice(1)] }
  expect(changed(weaver, edited)).toEqual([`${TYPE.virtualHost} outbound/spinner.default.mesh`])
})

test('an edit of who may call touches one route configuration of the callee', () => {
  const edited = { ...weaver, policies: weaver.policies.slice(1) }
  expect(changed(weaver, edited, 'spinner')).toEqual([`${TYPE.routes} inbound`])
  expect(changed(weaver, edited)).toEqual([])
})

test('a new instance of a routed version touches its endpoints alone', () => {
  const edited = { ...weaver, instances: [...weaver.instances, instance('spinner', 'v2', 9204)] }
  expect(changed(weaver, edited)).toEqual([`${TYPE.endpoints} default/spinner/v2`, `${TYPE.routes} gateway/default/door/http`])
})

test('an agent that is not exported to a namespace is not compiled for it', () => {
  const names = listResources(compileSnapshot(weaver, proxyView('loom'))).map((one) => one.name)
  expect(names).toContain('outbound/shared.mill.mesh')
  expect(names).not.toContain('outbound/hidden.mill.mesh')
})

test.each([
  ['0 stays as 0', { v1: 100, v2: 0 }, [100, 0]],
  ['the order is the spec’s', { v2: 1, v1: 99 }, [1, 99]],
])('weights of an HTTPRoute: %s', (_, weights, expected) => {
  const [host] = routesOf({ ...weaver, routes: [split('spinner', weights)] })
  expect(weightsOf(host)).toEqual(expected)
})

test('a backend of kind Agent is spread by ready instances, a missing one keeps its share as 500', () => {
  const spread = route('spinner', { parentRefs: [{ name: 'spinner' }], rules: [{ backendRefs: [{ name: 'spinner', weight: 3 }, { name: 'nobody', weight: 1 }] }] })
  expect(weightsOf(routesOf({ ...weaver, routes: [spread] })[0])).toEqual([2, 1, 1])
})

function routesOf(state: MeshState) {
  const host = compileSnapshot(state, proxyView('loom')).resources.get(TYPE.virtualHost)?.get('outbound/spinner.default.mesh')?.json as { routes: unknown[] }
  return host.routes.slice(1) // the first is CONNECT
}

function weightsOf(compiled: unknown) {
  return (compiled as { route: { weighted_clusters: { clusters: { weight: number }[] } } }).route.weighted_clusters.clusters.map((entry) => entry.weight)
}

function changed(before: MeshState, after: MeshState, name = 'loom') {
  const versions = new Map(listResources(compileSnapshot(before, proxyView(name))).map((one) => [`${one.typeUrl} ${one.name}`, one.version]))
  return listResources(compileSnapshot(after, proxyView(name)))
    .map((one) => [`${one.typeUrl} ${one.name}`, one.version] as const)
    .filter(([key, version]) => versions.get(key) !== version)
    .map(([key]) => key)
}

function shuffle<T>(items: readonly T[]): T[] {
  return items.map((item) => ({ item, key: Math.random() })).sort((a, b) => a.key - b.key).map(({ item }) => item)
}
