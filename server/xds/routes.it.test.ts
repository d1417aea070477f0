// HTTPRoute and GRPCRoute as the Gateway API words them, through two real Envoys with mutual TLS.
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { agent, agentVersion, grpcRoute, route } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startNativeMesh, type TestProxy } from '../testing/native-mesh.ts'

interface Answer {
  status: number
  body: string
  headers: Record<string, string | string[] | undefined>
}

function call(proxy: TestProxy, host: string, path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {} } = options
    request({ host: '127.0.0.1', port: proxy.outboundPort, method, path, headers: { host, ...headers } }, (response) => {
      let body = ''
      response.on('data', (part) => (body += String(part)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    })
      .on('error', reject)
      .end()
  })
}

const v = (version: string, more: Record<string, unknown> = {}) => ({ kind: 'AgentVersion', name: `callee-${version}`, ...more })
const to = (version: string) => [v(version)]

test('matches, header edits, redirects, rewrites, mirrors, CORS, sessions and gRPC methods do what the Gateway API says', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('callee'), agent('shadow'), agent('rpc', { protocol: 'http' }), agentVersion('callee', 'v1'), agentVersion('callee', 'v2')])
  const caller = await mesh.addProxy('caller')
  const one = await mesh.addProxy('callee', { version: 'v1' })
  const two = await mesh.addProxy('callee', { version: 'v2' })
  const shadow = await mesh.addProxy('shadow')
  const rules = [
    { matches: [{ path: { value: '/query' }, queryParams: [{ name: 'tier', value: 'gold' }] }], backendRefs: to('v2') },
    { matches: [{ path: { value: '/query' }, queryParams: [{ name: 'tier', type: 'RegularExpression', value: 'sil.*' }] }], backendRefs: to('v2') },
    { matches: [{ path: { value: '/method' }, method: 'POST' }], backendRefs: to('v2') },
    { matches: [{ path: { value: '/header' }, headers: [{ name: 'X-Tier', value: 'gold' }] }], backendRefs: to('v2') },
    { matches: [{ path: { value: '/header' }, headers: [{ name: 'x-tier', type: 'RegularExpression', value: 'sil.*' }] }], backendRefs: to('v2') },
    { matches: [{ path: { type: 'RegularExpression', value: '/re/[0-9]+' } }], backendRefs: to('v2') },
    { matches: [{ path: { type: 'Exact', value: '/prefix/exact' } }], backendRefs: to('v2') },
    { matches: [{ path: { value: '/edit' } }], filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-set', value: '100%' }], add: [{ name: 'x-add', value: 'b' }], remove: ['x-gone'] } }, { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-answer', value: 'yes' }], remove: ['x-version'] } }], backendRefs: to('v1') },
    { matches: [{ path: { value: '/perbackend' } }], backendRefs: [v('v1', { filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-backend', value: 'one' }] } }] })] },
    { matches: [{ path: { value: '/moved' } }], filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', hostname: 'elsewhere.example', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' }, statusCode: 301 } }] },
    { matches: [{ path: { value: '/full' } }], filters: [{ type: 'RequestRedirect', requestRedirect: { path: { type: 'ReplaceFullPath', replaceFullPath: '/there' }, port: 8080 } }] },
    { matches: [{ path: { value: '/strip' } }], filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } }], backendRefs: to('v1') },
    { matches: [{ path: { value: '/swap' } }], filters: [{ type: 'URLRewrite', urlRewrite: { hostname: 'inner.example', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/other/' } } }], backendRefs: to('v1') },
    { matches: [{ path: { value: '/all' } }], filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/one' } } }], backendRefs: to('v1') },
    { matches: [{ path: { value: '/mirror' } }], filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'shadow' } } }], backendRefs: to('v1') },
    { matches: [{ path: { value: '/half' } }], filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'shadow' }, percent: 25 } }], backendRefs: to('v1') },
  ]
  const more = [
    { matches: [{ path: { value: '/cors' }, method: 'POST' }], filters: [{ type: 'CORS', cors: { allowOrigins: ['https://*.example.com'], allowMethods: ['POST'], allowHeaders: ['x-task'], allowCredentials: true, maxAge: 77 } }], backendRefs: to('v1') },
    { matches: [{ path: { value: '/session' } }], backendRefs: [v('v1', { weight: 50 }), v('v2', { weight: 50 })], sessionPersistence: { type: 'Header', sessionName: 'x-session' } },
    { matches: [{ path: { value: '/gone' } }], backendRefs: [{ name: 'nobody' }] },
    { backendRefs: to('v1') },
  ]
  const parentRefs = [{ name: 'callee' }]
  await mesh.accepted(await mesh.commit([route('callee', { parentRefs, rules }), route('callee-more', { parentRefs, rules: more })]), 15_000)
  const host = 'callee.default.mesh'
  const version = async (path: string, options?: Parameters<typeof call>[3]) => (await call(caller, host, path, options)).body

  expect(await version('/query?tier=gold')).toBe('v2')
  expect(await version('/query?tier=silver')).toBe('v2')
  expect(await version('/query?tier=tin')).toBe('v1')
  expect(await version('/method', { method: 'POST' })).toBe('v2')
  expect(await version('/method')).toBe('v1')
  expect(await version('/header', { headers: { 'x-tier': 'gold' } })).toBe('v2')
  expect(await version('/header', { headers: { 'x-tier': 'silver' } })).toBe('v2')
  expect(await version('/header', { headers: { 'x-tier': 'nosilver' } })).toBe('v1')
  expect(await version('/re/42')).toBe('v2')
  expect(await version('/re/42x')).toBe('v1')
  expect(await version('/prefix/exact')).toBe('v2')
  expect(await version('/prefix/exact/')).toBe('v1')

  const edited = await call(caller, host, '/edit', { headers: { 'x-set': 'mine', 'x-add': 'a', 'x-gone': 'secret' } })
  expect(edited.headers).toMatchObject({ 'x-answer': 'yes' })
  expect(edited.headers['x-version']).toBeUndefined()
  expect(one.agent.received.at(-1)?.headers).toMatchObject({ 'x-set': '100%', 'x-add': 'a, b' })
  expect(one.agent.received.at(-1)?.headers['x-gone']).toBeUndefined()
  await call(caller, host, '/perbackend')
  expect(one.agent.received.at(-1)?.headers['x-backend']).toBe('one')

  const moved = await call(caller, host, '/moved/to?q=1')
  expect([moved.status, moved.headers['location']]).toEqual([301, 'https://elsewhere.example/new/to?q=1'])
  const full = await call(caller, host, '/full/path?q=1')
  expect([full.status, full.headers['location']]).toEqual([302, `http://${host}:8080/there?q=1`])

  const seen = async (path: string) => (await call(caller, host, path), one.agent.received.at(-1))
  expect((await seen('/strip/a/b?c=d'))?.path).toBe('/a/b?c=d')
  expect((await seen('/strip'))?.path).toBe('/')
  expect(await seen('/swap/a')).toMatchObject({ path: '/other/a', headers: { host: 'inner.example' } })
  expect((await seen('/all/a/b'))?.path).toBe('/one')

  await call(caller, host, '/mirror/it')
  await eventually('the copy', 3000, () => shadow.agent.received.some((got) => got.path === '/mirror/it' && got.headers.host === host))
  const before = shadow.agent.received.length
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, () => call(caller, host, '/half')))
  await new Promise((resolve) => setTimeout(resolve, 300))
  const copies = shadow.agent.received.length - before
  expect(Math.abs(copies - 100)).toBeLessThan(4 * Math.sqrt(400 * 0.25 * 0.75)) // ±4σ

  const preflight = await call(caller, host, '/cors', { method: 'OPTIONS', headers: { origin: 'https://ui.example.com', 'access-control-request-method': 'POST' } })
  expect(preflight).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': 'https://ui.example.com', 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'x-task', 'access-control-max-age': '77', 'access-control-allow-credentials': 'true' } })
  const foreign = await call(caller, host, '/cors', { method: 'POST', headers: { origin: 'https://evil.test' } })
  expect(foreign.headers['access-control-allow-origin']).toBeUndefined()

  const sessions = new Map<string, Set<string>>()
  for (let round = 0; round < 5; round++)
    for (let session = 0; session < 40; session++) {
      const body = await version('/session', { headers: { 'x-session': `s${session}` } })
      sessions.set(`s${session}`, (sessions.get(`s${session}`) ?? new Set()).add(body))
    }
  expect([...sessions.values()].filter((versions) => versions.size > 1)).toEqual([])
  expect(new Set([...sessions.values()].flatMap((versions) => [...versions]))).toEqual(new Set(['v1', 'v2']))
  expect((await call(caller, host, '/gone')).status).toBe(500)

  const method = (service?: string, name?: string) => ({ matches: [{ method: { ...(service ? { service } : {}), ...(name ? { method: name } : {}) } }] })
  await mesh.accepted(
    await mesh.commit([
      grpcRoute('rpc', {
        parentRefs: [{ name: 'rpc' }],
        rules: [
          { ...method('bank.Teller', 'Ask'), backendRefs: to('v2') },
          { ...method('bank.Teller'), backendRefs: to('v1') },
          { ...method(undefined, 'Ping'), backendRefs: to('v2') },
          { matches: [{ method: { type: 'RegularExpression', service: 'shop\\..+', method: 'Buy|Sell' } }], backendRefs: to('v2') },
        ],
      }),
    ]),
    15_000,
  )
  const rpc = async (path: string) => (await call(caller, 'rpc.default.mesh', path, { method: 'POST' })).body
  expect(await rpc('/bank.Teller/Ask')).toBe('v2')
  expect(await rpc('/bank.Teller/Ping')).toBe('v1') // the service says more than the method
  expect(await rpc('/shop.Till/Buy')).toBe('v2')
  expect(await rpc('/other.Service/Ping')).toBe('v2')
  expect((await call(caller, 'rpc.default.mesh', '/other.Service/Pong', { method: 'POST' })).status).toBe(404)
  expect(two.agent.received.length).toBeGreaterThan(0)
  expect(await caller.stat('server.dynamic_unknown_fields')).toBe(0)
  expect(mesh.control.errors).toEqual([])
}, 120_000)

test('every redirect code, several mirrors, both timeouts, and tries after answers that say overloaded, where HTTP says so', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('callee'), agent('shadow'), agent('second-shadow'), agentVersion('callee', 'v1')])
  const caller = await mesh.addProxy('caller')
  const callee = await mesh.addProxy('callee')
  const shadows = [await mesh.addProxy('shadow'), await mesh.addProxy('second-shadow')]
  const came = new Map<string, number>()
  const overloaded = JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32_000, message: 'overloaded' } })
  callee.agent.server.removeAllListeners('request')
  callee.agent.server.on('request', (incoming, response) => {
    const path = incoming.url ?? ''
    const count = (came.get(path) ?? 0) + 1
    came.set(path, count)
    incoming.resume()
    if (path === '/never' || (path === '/hangs-once' && count === 1)) return // until the caller's sidecar gives up
    const isBusy = path === '/always-busy' || (path.startsWith('/busy') && count <= 2)
    response.writeHead(isBusy ? (path === '/busy429' ? 429 : 503) : 200, { 'content-type': 'application/json' })
    response.end(isBusy || path === '/said-in-200' ? overloaded : '{}')
  })
  const [parentRefs, backendRefs, retry] = [[{ name: 'callee' }], to('v1'), { codes: [503, 429], attempts: 2, backoff: '10ms' }]
  const mirror = (name: string) => ({ type: 'RequestMirror', requestMirror: { backendRef: { name } } })
  const codes = [301, 302, 303, 307, 308]
  await mesh.accepted(
    await mesh.commit([
      route('callee', {
        parentRefs,
        rules: [
          ...codes.map((statusCode) => ({ matches: [{ path: { value: `/to${statusCode}` } }], filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'else.example', statusCode } }] })),
          { name: 'copied', matches: [{ path: { value: '/copied' } }], filters: [mirror('shadow'), mirror('second-shadow')], backendRefs },
          { matches: [{ path: { value: '/never' } }], timeouts: { request: '1s' }, backendRefs },
          { matches: [{ path: { value: '/hangs-once' } }], timeouts: { request: '30s', backendRequest: '1s' }, retry: { codes: [504], attempts: 1 }, backendRefs },
          { matches: [{ path: { value: '/once' } }], backendRefs },
          { retry, backendRefs },
        ],
      }),
    ]),
    15_000,
  )
  const host = 'callee.default.mesh'
  for (const code of codes) expect(await call(caller, host, `/to${code}/a`)).toMatchObject({ status: code, headers: { location: `http://else.example/to${code}/a` } })
  expect((await call(caller, host, '/copied')).status).toBe(200)
  await eventually('both copies', 5000, () => shadows.every(({ agent: { received } }) => received.some(({ path }) => path === '/copied')))
  const began = performance.now()
  expect((await call(caller, host, '/never')).status).toBe(504)
  expect(performance.now() - began).toBeGreaterThan(900)
  expect((await call(caller, host, '/hangs-once')).status).toBe(200)
  expect(came.get('/hangs-once')).toBe(2)

  for (const path of ['/busy503', '/busy429']) {
    expect(await call(caller, host, path, { method: 'POST' })).toMatchObject({ status: 200, body: '{}' })
    expect(came.get(path)).toBe(3)
  }
  expect(await call(caller, host, '/always-busy', { method: 'POST' })).toMatchObject({ status: 503, body: overloaded })
  expect(came.get('/always-busy')).toBe(3)
  // In an answer of 200 it stands in the body, which no sidecar reads: the caller gets it as it is.
  expect(await call(caller, host, '/said-in-200', { method: 'POST' })).toMatchObject({ status: 200, body: overloaded })
  expect(came.get('/said-in-200')).toBe(1)
}, 120_000)
