import { createHash } from 'node:crypto'
import { createServer, get, request, type Server } from 'node:http'
import { createServer as createTcp, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Db } from '#server/db/client.ts'
import { readGraph } from '#server/queries/graph.ts'
import { eventually } from '#server/testing/load.ts'
import { freePort } from '#server/testing/free-port.ts'
import { startTestCollector } from '#server/testing/collector.ts'
import { RESOURCE, startTestEnvoy } from '#server/testing/static-envoy.ts'

const TOKEN = 'hdl_tel_of_the_caller'

async function addAgents(db: Db, names: readonly string[]): Promise<void> {
  for (const name of names)
    await db.pool.query(`insert into object (mesh, kind, namespace, name, revision, spec) values ('local', 'Agent', 'default', $1, 1, '{"type": "agent", "protocol": "http"}')`, [name])
  await db.pool.query(`insert into telemetry_token (hash, mesh, spiffe_id, proxy) values ($1, 'local', 'spiffe://mesh.local/ns/default/agent/caller', 'caller-1')`, [createHash('sha256').update(TOKEN).digest()])
}

async function listen(server: Server | ReturnType<typeof createTcp>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port // TCP
}

function call(port: number, path: string, options: { cancelMs?: number } = {}): Promise<number | 'broken'> {
  return new Promise((resolve) => {
    const asked = get({ port, host: '127.0.0.1', path, agent: false }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode!)) // a client's answer has one
      answer.on('error', () => resolve('broken'))
    })
    asked.on('error', () => resolve('broken'))
    if (options.cancelMs) setTimeout(() => asked.destroy(), options.cancelMs)
  })
}

test('the mesh counts exactly what a real Envoy did: answers, refusals, failures, retries, and nothing twice', { timeout: 90_000 }, async () => {
  await using lab = await startTestCollector()
  await addAgents(lab.db, ['caller', 'busy', 'flaky', 'dead', 'none'])
  const answered = new Map<string, number>()
  const upstream = createServer((asked, answer) => {
    answered.set(asked.url!, (answered.get(asked.url!) ?? 0) + 1) // a server's request has one
    if (asked.url === '/reset') return void asked.socket.destroy()
    if (asked.url === '/slow') return void setTimeout(() => answer.end(), 2000)
    answer.writeHead(asked.url === '/500' ? 500 : asked.url === '/404' ? 404 : 200).end('ok')
  })
  const tunnel = createTcp((socket) => socket.on('data', (data) => socket.write(Buffer.concat([data, data]))).on('error', () => {}))
  const upstreamPort = await listen(upstream)
  const route = (prefix: string, cluster: string, extra = {}) => ({ match: { prefix }, route: { cluster, timeout: '0.5s', ...extra } })
  await using envoy = await startTestEnvoy({
    otlpPort: lab.collector.grpcPort,
    token: TOKEN,
    clusters: { 'default/busy/v1_2': upstreamPort, 'default/flaky/v1': upstreamPort, 'default/dead/v1': await freePort(), 'default/none/v1': null },
    routes: [route('/retried', 'default/flaky/v1', { prefix_rewrite: '/500', retry_policy: { retry_on: '5xx', num_retries: 2 } }), route('/dead', 'default/dead/v1'), route('/none', 'default/none/v1'), route('/', 'default/busy/v1_2')],
    externalPort: await listen(tunnel),
  })

  for (const [path, times] of [['/', 20], ['/500', 3], ['/404', 4], ['/reset', 2], ['/slow', 1], ['/dead', 2], ['/none', 2], ['/retried', 2]] as const) {
    for (let time = 0; time < times; time++) await call(envoy.outboundPort, path)
    await sleep(150) // several flushes see the counters on their way up
  }
  expect(await call(envoy.outboundPort, '/slow', { cancelMs: 150 })).toBe('broken') // a caller that hangs up got no answer: no request
  for (let time = 0; time < 5; time++) await call(envoy.gatewayPort, '/')
  await connectOut(envoy.outboundPort, 'api.example.com:443')

  const graph = await eventually('every count has arrived', 15_000, async () => {
    const now = await readGraph(lab.db, 'local', { from: new Date(Date.now() - 120_000), to: new Date(Date.now() + 1000), by: 'agent' })
    const total = now.edges.reduce((sum, edge) => sum + edge.requests, 0)
    return total >= 20 + 5 + 10 + 2 + 2 + 2 + 5 + 1 ? now : null
  })
  await sleep(1500) // more flushes of the same values
  const later = await readGraph(lab.db, 'local', { from: new Date(Date.now() - 120_000), to: new Date(Date.now() + 1000), by: 'agent' })
  expect(later.edges.map(({ id, requests }) => ({ id, requests }))).toEqual(graph.edges.map(({ id, requests }) => ({ id, requests })))
  const edge = (target: string) => later.edges.find((each) => each.target === target)
  expect(edge('agent/default/busy')).toMatchObject({ source: 'agent/default/caller', requests: 35, errors: 6, refused: 4, retries: 0, mtlsShare: 0, evidence: { mesh: { requests: 35, errors: 6 }, spans: null } })
  expect(edge('agent/default/flaky')).toMatchObject({ requests: 2, errors: 2, retries: 4 })
  expect(edge('agent/default/dead')).toMatchObject({ requests: 2, errors: 2 })
  expect(edge('agent/default/none')).toMatchObject({ requests: 2, errors: 2 })
  expect(edge('agent/default/caller')).toMatchObject({ source: 'external/clients', requests: 5, errors: 0 })
  expect(edge('external/api.example.com')).toMatchObject({ source: 'agent/default/caller', protocol: 'https', requests: 1, errors: 0, bytesSent: 5, bytesReceived: 10, evidence: { mesh: { requests: 1 }, spans: null } })
  expect(edge('external/api.example.com')!.durationMs).toBeGreaterThan(100)
  expect(answered.get('/') ?? 0).toBe(25)
  const byVersion = await readGraph(lab.db, 'local', { from: new Date(Date.now() - 120_000), to: new Date(), by: 'version' })
  expect(byVersion.edges.map((each) => `${each.source} ${each.target}`)).toContain('agentversion/default/caller-v1 agentversion/default/busy-v1.2')
  upstream.close()
  tunnel.close()
})

function connectOut(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method: 'CONNECT', path: host })
    asked.on('connect', (_answer, socket) => {
      socket.write('hello')
      socket.on('data', () => setTimeout(() => socket.end(), 200))
      socket.on('close', () => resolve())
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('counters without the proxy’s own token are no evidence, and the sender is told', async () => {
  await using lab = await startTestCollector()
  await addAgents(lab.db, ['caller', 'other'])
  const send = (resource: Record<string, string>, token?: string) =>
    fetch(`${lab.http}/v1/metrics`, { method: 'POST', headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }, body: metricsOf(resource, 10) })
  expect(await (await send(RESOURCE)).json()).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } })
  expect(await (await send({ ...RESOURCE, 'service.name': 'other' }, TOKEN)).json()).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } })
  expect(await (await send({ 'service.name': 'caller' }, TOKEN)).json()).toMatchObject({ partialSuccess: { errorMessage: expect.stringContaining('own proxies') } })
  expect((await lab.db.pool.query('select from telemetry.edge_count')).rowCount).toBe(0)
  expect(await (await send(RESOURCE, TOKEN)).json()).toEqual({})
  expect((await lab.db.pool.query('select requests from telemetry.edge_count where resolution = 10')).rows).toEqual([{ requests: '10' }])
  await Promise.all(Array.from({ length: 6 }, () => send(RESOURCE, TOKEN)))
  expect((await lab.db.pool.query('select requests from telemetry.edge_count where resolution = 10')).rows).toEqual([{ requests: '10' }])
  await lab.db.pool.query('update telemetry_token set revoked_at = now()')
  expect(await eventually('the revoked token is refused', 8000, async () => ((await send(RESOURCE, TOKEN)).status === 401 ? true : null))).toBe(true)
})

test('a telemetry token that outlived the certificates of its proxy is refused', async () => {
  await using lab = await startTestCollector()
  await addAgents(lab.db, ['caller', 'other'])
  await lab.db.pool.query('update telemetry_token set expires_at = now()')
  const answer = await fetch(`${lab.http}/v1/metrics`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` }, body: metricsOf(RESOURCE, 10) })
  expect(answer.status).toBe(401)
})

test('an API token is nobody’s identity, whatever its name', async () => {
  await using lab = await startTestCollector()
  await addAgents(lab.db, ['caller', 'other'])
  await lab.db.pool.query(`insert into api_token (id, name, prefix, hash, role, created_by) values ('1', 'spiffe://mesh.local/ns/default/agent/caller', 'hdl', $1, 'viewer', 'me')`, [createHash('sha256').update('of-a-viewer').digest()])
  const answer = await fetch(`${lab.http}/v1/metrics`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer of-a-viewer' }, body: metricsOf(RESOURCE, 10) })
  expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } })
  expect((await lab.db.pool.query('select from telemetry.edge_count')).rowCount).toBe(0)
})

test('a proxy cannot silence a replica of its agent, nor itself by a start that is yet to come', async () => {
  await using lab = await startTestCollector()
  await addAgents(lab.db, ['caller', 'other'])
  await lab.db.pool.query(`insert into telemetry_token (hash, mesh, spiffe_id, proxy) values ($1, 'local', 'spiffe://mesh.local/ns/default/agent/caller', 'caller-2')`, [createHash('sha256').update('of-caller-2').digest()])
  const send = async (token: string, value: number, startMs: number) =>
    (await fetch(`${lab.http}/v1/metrics`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: metricsOf(RESOURCE, value, startMs) })).json()
  const started = Date.now() - 1000
  expect(await send('of-caller-2', 1, started)).toMatchObject({ partialSuccess: { rejectedDataPoints: '1', errorMessage: expect.stringContaining('its own telemetry token') } })
  expect(await send(TOKEN, 1, Date.now() + 3_600_000)).toMatchObject({ partialSuccess: { rejectedDataPoints: '1', errorMessage: expect.stringContaining('yet to come') } })
  expect(await send(TOKEN, 10, started)).toEqual({})
  expect((await lab.db.pool.query('select requests from telemetry.edge_count where resolution = 10')).rows).toEqual([{ requests: '10' }])
})

function metricsOf(resource: Record<string, string>, value: number, startMs?: number): string {
  const attributes = (values: Record<string, string>) => Object.entries(values).map(([key, text]) => ({ key, value: { stringValue: text } }))
  const point = { attributes: attributes({ 'envoy.cluster_name': 'default/other/v1', 'envoy.response_code_class': '2' }), startTimeUnixNano: startMs === undefined ? '1' : `${startMs}000000`, timeUnixNano: `${Date.now()}000000`, asInt: String(value) }
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics: [{ metrics: [{ name: 'envoy.cluster.upstream_rq_xx', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } }] }] }] })
}
