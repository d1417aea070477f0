// What is accepted here as a route or a gateway is an object that the Gateway API's published CRDs accept, and what those refuse is
// refused: rich objects, changed at random in one to three places. `HEDDLE_MUTANTS=200000` tries that many, `HEDDLE_SEED` begins elsewhere.
import { describe, expect, test } from 'vitest'
import { agent, agentVersion, gateway, grpcRoute, meshState, route } from '../compile/fixtures.ts'
import { Gateway } from '../contracts/gateway.ts'
import { GRPCRoute } from '../contracts/grpc-route.ts'
import { HTTPRoute } from '../contracts/http-route.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { publishedCrd } from '../testing/published-crd.ts'
import { seeded, type Random } from '../testing/seeded.ts'
import { applyChanges } from './change.ts'
import { validateMesh } from './validate.ts'

const MUTANTS = Number(process.env['HEDDLE_MUTANTS'] ?? 1500)
const SEED = Number(process.env['HEDDLE_SEED'] ?? 1)

const WORLD: readonly MeshObject[] = [agent('caller'), agent('callee'), agentVersion('callee', 'v1'), agentVersion('callee', 'v2'), agent('other'), gateway('door', 'callee', [{ name: 'http', port: 8081, protocol: 'HTTP' }])]

const HEADERS = { set: [{ name: 'x-a', value: '1' }], add: [{ name: 'x-b', value: '2' }], remove: ['x-c'] }
const BACKENDS = [{ kind: 'AgentVersion', name: 'callee-v1', weight: 90, filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: HEADERS }] }, { kind: 'AgentVersion', name: 'callee-v2', weight: 10 }]
const FILTERS = [{ type: 'RequestHeaderModifier', requestHeaderModifier: HEADERS }, { type: 'ResponseHeaderModifier', responseHeaderModifier: HEADERS }, { type: 'RequestMirror', requestMirror: { backendRef: { name: 'other' }, fraction: { numerator: 1, denominator: 10 } } }]

const KINDS = [
  {
    kind: 'HTTPRoute' as const,
    contract: HTTPRoute,
    published: publishedCrd('httproutes'),
    rich: [
      route('rich', {
        parentRefs: [{ name: 'callee' }],
        rules: [
          {
            name: 'first',
            matches: [{ path: { type: 'PathPrefix', value: '/a' }, headers: [{ name: 'x-tier', value: 'gold' }], queryParams: [{ name: 'q', type: 'RegularExpression', value: '[0-9]+' }], method: 'POST' }],
            filters: [...FILTERS, { type: 'URLRewrite', urlRewrite: { hostname: 'inner.example', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } } }],
            backendRefs: BACKENDS,
            timeouts: { request: '10s', backendRequest: '2s' },
            retry: { codes: [503], attempts: 2, backoff: '100ms' },
          },
          { matches: [{ path: { type: 'Exact', value: '/old' } }], filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', hostname: 'new.example', port: 8443, path: { type: 'ReplaceFullPath', replaceFullPath: '/new' }, statusCode: 301 } }] },
          { matches: [{ path: { type: 'PathPrefix', value: '/moved' } }], filters: [{ type: 'RequestRedirect', requestRedirect: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/here' } } }] },
        ],
      }),
      route('browsers', {
        parentRefs: [{ name: 'callee' }, { kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'door', sectionName: 'http' }],
        hostnames: ['api.example.com', '*.example.org'],
        rules: [{ filters: [{ type: 'CORS', cors: { allowOrigins: ['https://console.example.com'], allowCredentials: true, allowMethods: ['GET', 'POST'], allowHeaders: ['x-a'], exposeHeaders: ['x-b'], maxAge: 60 } }], backendRefs: [{ name: 'other' }] }],
      }),
      route('sticky', { parentRefs: [{ name: 'callee' }], rules: [{ backendRefs: [{ kind: 'AgentVersion', name: 'callee-v1' }], sessionPersistence: { sessionName: 'who', type: 'Cookie', absoluteTimeout: '1h', cookieConfig: { lifetimeType: 'Permanent' } } }] }),
    ],
  },
  {
    kind: 'GRPCRoute' as const,
    contract: GRPCRoute,
    published: publishedCrd('grpcroutes'),
    rich: [
      grpcRoute('rpc', {
        parentRefs: [{ name: 'callee' }],
        rules: [{ name: 'first', matches: [{ method: { service: 'helloworld.Greeter', method: 'SayHello' }, headers: [{ name: 'x-tier', type: 'RegularExpression', value: 'g.*' }] }, { method: { type: 'RegularExpression', service: 'hello.*' } }], filters: FILTERS, backendRefs: BACKENDS }],
      }),
    ],
  },
  {
    kind: 'Gateway' as const,
    contract: Gateway,
    published: publishedCrd('gateways'),
    rich: [
      Gateway.parse({
        ...gateway('edge', 'callee', [
          { name: 'http', port: 8080, protocol: 'HTTP', hostname: '*.example.com' },
          { name: 'https', port: 8443, protocol: 'HTTPS', hostname: 'api.example.com', tls: { mode: 'Terminate', certificateRefs: [{ name: 'edge' }] } },
          { name: 'plain', port: 8082, protocol: 'HTTP' },
        ]),
      }),
    ],
  },
]

describe.each(KINDS)('$kind', ({ contract, published, rich }) => {
  const accepted = (object: unknown): { spec: unknown } | null => {
    const parsed = contract.safeParse(object)
    if (!parsed.success) return null
    const written: MeshObject = parsed.data
    const state = applyChanges(meshState({}), [...WORLD, written].map((after) => ({ ref: refOf(after), expected: 'any' as const, after })))
    return validateMesh(state).some(({ level }) => level === 'problem') ? null : parsed.data
  }

  test('objects with every field are accepted here and by the CRD', () => {
    for (const object of rich) {
      const taken = accepted(object)
      expect(taken, object.metadata.name).not.toBeNull()
      expect(published(taken ?? object), object.metadata.name).toEqual([])
    }
  })

  test(`what is accepted of ${MUTANTS} objects that were changed at random fits the CRD`, () => {
    const random = seeded(SEED)
    const wrong = new Map<string, string>()
    let [taken, refused] = [0, 0]
    for (let index = 0; index < MUTANTS; index++) {
      const object = structuredClone(rich[index % rich.length]!) // one of them
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) mutate(random, object.spec)
      const stored = accepted(object)
      if (!stored) {
        refused += 1
        continue
      }
      taken += 1
      for (const problem of published(stored)) if (!wrong.has(problem)) wrong.set(problem, JSON.stringify(object.spec))
    }
    expect([...wrong].slice(0, 10)).toEqual([])
    expect([taken > MUTANTS / 50, refused > MUTANTS / 50]).toEqual([true, true]) // both happen often enough to say something
  }, 120_000)
})

const VALUES: readonly unknown[] = [
  '', 'a', 'A B', 'x'.repeat(254), 'x'.repeat(5000), '/', '/a', '/a//b', '/a/../b', '/a/./b', '/a/..', '/a/.', '/a#b', '/a%2Fb', '/a%zz', '/ä', 'a/b', '*', '*.example.com', 'example.com', 'Example.com', '10.0.0.1', 'a..b',
  '.pkg.Service', 'pkg..Service', '1pkg.Service', 'pkg.Ser-vice', 'say-hello', '9lives', 'Exact', 'PathPrefix', 'RegularExpression', 'Header', 'Cookie', 'Permanent', 'Session', 'ReplaceFullPath', 'ReplacePrefixMatch',
  'CORS', 'URLRewrite', 'RequestRedirect', 'RequestMirror', 'RequestHeaderModifier', 'ResponseHeaderModifier', 'GET', 'get', 'https', 'HTTP', 'HTTPS', 'Agent', 'Gateway', 'callee', 'other', '0s', '1s', '1.5s', '99999h', '100000h', '5m5m',
  'https://a.example', 'https://*', 'null', 0, 1, -1, 2, 1.5, 100, 101, 304, 503, 600, 65_536, 1_000_001, 2 ** 31, true, false, null, [], {}, ['*'], ['*', 'GET'],
]

/** Changes one place: a value becomes another, a field goes, an item comes twice or very often, or moves under another name. */
function mutate(random: Random, root: unknown): void {
  const places: { holder: Record<string, unknown> | unknown[]; key: string }[] = []
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, child] of Object.entries(node)) {
      places.push({ holder: node as Record<string, unknown>, key })
      walk(child)
    }
  }
  walk(root)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]! // not empty
  if (places.length === 0) return
  const { holder, key } = pick(places)
  const node = holder as Record<string, unknown>
  const what = random()
  if (Array.isArray(node[key]) && what < 0.5) {
    const list = node[key] as unknown[]
    const times = pick([1, 1, 1, 2, 16, 17, 33, 65])
    for (let count = 0; count < times && list.length > 0; count++) list.push(structuredClone(pick(list)))
  } else if (what < 0.2) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete node[key]
  } else if (what < 0.3) node[pick(places).key] = structuredClone(node[key])
  else node[key] = structuredClone(pick(VALUES))
}
