// TrafficPolicy, PeerAuthentication and audited policies by what they do to real calls.
import { request } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { agent, agentVersion, peerAuthentication, policy, route, trafficPolicy } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startNativeMesh, type TestProxy } from '../testing/native-mesh.ts'

interface Answer {
  status: number
  body: string
  ms: number
}

function call(port: number, host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { host, ...headers }, agent: false }, (response) => {
      let body = ''
      response.on('data', (part) => (body += String(part)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, ms: performance.now() - started }))
    })
      .on('error', reject)
      .end()
  })
}

const many = (count: number, one: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, one))
const countOf = (answers: readonly Answer[], status: number) => answers.filter((answer) => answer.status === status).length

test('rate limits, faults, spreads by hash, breakers and ejection have the effect they name', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('left'), agent('right'), agent('callee'), agentVersion('callee', 'v1')])
  const [left, right] = [await mesh.addProxy('left'), await mesh.addProxy('right')]
  const [one, two] = [await mesh.addProxy('callee'), await mesh.addProxy('callee')]
  const host = 'callee.default.mesh'
  const from = (proxy: TestProxy) => (path?: string, headers?: Record<string, string>) => call(proxy.outboundPort, host, path, headers)
  const apply = async (spec: Record<string, unknown>) => mesh.accepted(await mesh.commit([trafficPolicy('callee', { targetRefs: [{ name: 'callee' }], ...spec })]), 15_000)

  // Ten a minute at each of two instances, then a bucket for each caller.
  await apply({ rateLimit: { requests: 5, per: '60s' } })
  const shared = [...(await many(20, from(left))), ...(await many(20, from(right)))]
  expect([countOf(shared, 200), countOf(shared, 429)]).toEqual([10, 30])
  await apply({ rateLimit: { requests: 6, per: '60s', perCaller: true } })
  const [mine, theirs] = [await many(40, from(left)), await many(40, from(right))]
  expect([countOf(mine, 200), countOf(theirs, 200)]).toEqual([12, 12])

  await apply({ fault: { abort: { status: 418, percent: 100 }, header: { name: 'X-Chaos', value: 'on' } } })
  expect([(await from(left)('/', { 'x-chaos': 'on' })).status, (await from(left)('/')).status]).toEqual([418, 200])
  await apply({ fault: { delay: { duration: '400ms' } } })
  expect((await from(left)('/')).ms).toBeGreaterThan(400)
  await apply({ fault: { abort: { status: 503, percent: 25 } } })
  const broken = countOf(await many(400, from(left)), 503)
  expect(Math.abs(broken - 100)).toBeLessThan(4 * Math.sqrt(400 * 0.25 * 0.75))

  for (const name of ['RingHash', 'Maglev']) {
    await apply({ loadBalancer: { policy: name, hashHeader: 'x-session' } })
    for (let session = 0; session < 8; session++) {
      const counts = () => [one.agent.received.length, two.agent.received.length]
      const before = counts()
      for (let round = 0; round < 5; round++) await from(left)('/', { 'x-session': `s${session}` })
      expect(counts().map((count, index) => count - (before[index] ?? 0)).sort((a, b) => a - b)).toEqual([0, 5])
    }
  }

  // One call at a time towards the version; those beyond are refused at once.
  await apply({ circuitBreaker: { maxRequests: 1, maxPendingRequests: 1 }, fault: { delay: { duration: '1ms' } } })
  await eventually('a refusal by the breaker', 10_000, async () => countOf(await many(60, from(left)), 503) > 0)
  expect(await left.stat('cluster.default/callee/v1.upstream_rq_pending_overflow') + (await left.stat('cluster.default/callee/v1.circuit_breakers.default.rq_open'))).toBeGreaterThan(0)

  // An instance that fails three times is left out, and the callers stop failing.
  two.agent.server.removeAllListeners('request')
  two.agent.server.on('request', (_, response) => response.writeHead(500).end())
  await apply({ outlierDetection: { consecutive5xx: 3, interval: '1s', baseEjectionTime: '30s', maxEjectionPercent: 50 }, loadBalancer: { policy: 'RoundRobin' } })
  await eventually('only good answers', 10_000, async () => countOf(await many(20, from(left)), 200) === 20)
  expect(await left.stat('cluster.default/callee/v1.outlier_detection.ejections_active')).toBe(1)
  expect(mesh.control.errors).toEqual([])
}, 120_000)

test('a retry budget bounds a storm: retries add less than what they are given', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('callee'), agentVersion('callee', 'v1')])
  const caller = await mesh.addProxy('caller')
  const callee = await mesh.addProxy('callee')
  callee.agent.server.removeAllListeners('request')
  let tries = 0
  callee.agent.server.on('request', (_, response) => {
    tries++
    setTimeout(() => response.writeHead(503).end(), 300)
  })
  const backendRefs = [{ name: 'callee' }]
  await mesh.accepted(await mesh.commit([route('callee', { parentRefs: [{ name: 'callee' }], rules: [{ backendRefs, retry: { codes: [503], attempts: 3, backoff: '10ms' } }] })]), 15_000)
  expect((await call(caller.outboundPort, 'callee.default.mesh')).status).toBe(503)
  expect(tries).toBe(4)
  tries = 0
  await many(100, () => call(caller.outboundPort, 'callee.default.mesh'))
  expect(tries).toBeGreaterThan(100)
  expect(tries).toBeLessThan(300) // unbounded it would be 400
}, 60_000)

test('an audited policy refuses nobody and is told apart; enforced it refuses, and the span names it', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('callee')])
  const caller = await mesh.addProxy('caller')
  const callee = await mesh.addProxy('callee')
  const deny = (mode: string) => policy('no-files', { targetRefs: [{ name: 'callee' }], action: 'Deny', mode, rules: [{ to: [{ paths: ['/files/*'] }] }] })
  await mesh.accepted(await mesh.commit([deny('Audit')]), 15_000)
  for (let round = 0; round < 6; round++) expect((await call(caller.outboundPort, 'callee.default.mesh', '/files/a')).status).toBe(200)
  expect((await call(caller.outboundPort, 'callee.default.mesh', '/rest')).status).toBe(200)
  expect(await callee.stat('http.inbound.rbac.audit_deny.shadow_denied')).toBe(6)
  const text = () => Buffer.concat(mesh.exported).toString('latin1')
  await eventually('the audit on a span', 15_000, () => text().includes('heddle.audit') && text().includes('default/no-files/0'))
  await mesh.accepted(await mesh.commit([deny('Enforce')]), 15_000)
  for (let round = 0; round < 6; round++) expect((await call(caller.outboundPort, 'callee.default.mesh', '/files/a')).status).toBe(403)
  expect((await call(caller.outboundPort, 'callee.default.mesh', '/rest')).status).toBe(200)
  await eventually('the policy on a span', 15_000, () => text().includes('rbac_access_denied_matched_policy[default/no-files/0]'))
}, 60_000)

test('permissive takes plaintext, strict refuses it, and the way between cuts no call with an identity', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('callee')])
  const caller = await mesh.addProxy('caller')
  const callee = await mesh.addProxy('callee')
  const plaintext = () => call(callee.inboundPort, 'callee.default.mesh').then((answer) => answer.status, () => 'refused')
  expect(await plaintext()).toBe('refused')
  callee.agent.server.removeAllListeners('request')
  callee.agent.server.on('request', (incoming, response) => {
    if (incoming.url !== '/stream') return response.end('v1')
    response.writeHead(200)
    let ticks = 0
    const timer = setInterval(() => {
      response.write('tick\n')
      if (++ticks === 20) (clearInterval(timer), response.end('end'))
    }, 200)
  })
  const stream = call(caller.outboundPort, 'callee.default.mesh', '/stream')
  await mesh.accepted(await mesh.commit([peerAuthentication('open', { mtls: 'permissive' })]), 15_000)
  await eventually('plaintext is taken', 5000, async () => (await plaintext()) === 200)
  await mesh.accepted(await mesh.commit([], [{ kind: 'PeerAuthentication', namespace: 'default', name: 'open' }]), 15_000)
  await eventually('plaintext is refused', 5000, async () => (await plaintext()) === 'refused')
  expect((await stream).body).toMatch(/end$/)
  expect(await callee.stat('listener_manager.total_filter_chains_draining')).toBeLessThanOrEqual(1) // the plaintext chain alone
}, 60_000)

test('a TCP agent is reached by CONNECT through both sidecars, under the same identities and policies', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('stranger'), agent('ledger', { protocol: 'tcp' }), agentVersion('ledger', 'v1')])
  const [caller, stranger] = [await mesh.addProxy('caller'), await mesh.addProxy('stranger')]
  const echo = createServer((socket) => socket.on('data', (part) => socket.write(`${part}`.toUpperCase())).on('error', () => {}))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const ledger = await mesh.addProxy('ledger', { agentPort: (echo.address() as AddressInfo).port }) // a TCP server's address is never a string
  const through = (proxy: TestProxy) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(proxy.outboundPort, '127.0.0.1', () => socket.write('CONNECT ledger.default.mesh:5432 HTTP/1.1\r\nHost: ledger.default.mesh:5432\r\n\r\n'))
      let got = ''
      socket.on('error', reject).on('data', (part) => {
        got += String(part)
        if (got.endsWith('\r\n\r\n') && got.startsWith('HTTP/1.1 200')) socket.write('raw bytes, no http')
        if (got.endsWith('NO HTTP') || / 4\d\d | 5\d\d /.test(got)) resolve((socket.destroy(), got))
      })
    })
  expect(await through(caller)).toContain('RAW BYTES, NO HTTP')
  expect(await ledger.stat('listener.127.0.0.1_' + ledger.inboundPort + '.ssl.handshake')).toBeGreaterThan(0)
  expect((await call(caller.outboundPort, 'ledger.default.mesh')).status).toBe(400)
  await mesh.accepted(await mesh.commit([policy('caller-only', { targetRefs: [{ name: 'ledger' }], action: 'Allow', rules: [{ from: [{ agents: ['caller'] }] }] })]), 15_000)
  expect(await through(caller)).toContain('RAW BYTES, NO HTTP')
  expect(await through(stranger)).toContain('403')
  echo.close()
}, 60_000)
