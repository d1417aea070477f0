// Each kind of probe against something real that is well, and then is not.
import type { RequestListener, ServerResponse } from 'node:http'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { expect, test, vi } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { Agent } from '../contracts/agent.ts'
import { HealthProbe, HealthProbeSpec } from '../contracts/health-probe.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { refOf } from '../contracts/object.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { syncStaticInstances } from '../discovery/static.ts'
import { ALLOW_NOTHING, parseAllowList } from '../fetch/addresses.ts'
import type { Outside } from '../fetch/fetch.ts'
import { testDatabase } from '../testing/database.ts'
import { serve } from '../testing/serve.ts'
import { runCheck } from './check.ts'
import { startProbes } from './control-run.ts'
import { sweepHealth, takeResults } from './take-results.ts'

const outside = { allow: parseAllowList('127.0.0.1') }
const specOf = (check: object, more: object = {}) => HealthProbeSpec.parse({ targetRefs: [{ name: 'loom' }], timeoutSeconds: 2, check, ...more })

async function serveAgent(listener: RequestListener) {
  const served = await serve(listener)
  return { target: { outside, origin: served.url }, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
}

const json = (response: ServerResponse, value: unknown, status = 200) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))

test('HTTP: status, body, and what the agent says of itself', async () => {
  const now = { status: 200, body: '{"state":"ok"}', headers: {} as Record<string, string> }
  await using agent = await serveAgent((_, response) => void response.writeHead(now.status, now.headers).end(now.body))
  const spec = specOf({ type: 'HTTP', path: '/health', expect: { jsonPath: '$.state', equals: 'ok' } }, { headroom: { header: 'x-queue-free', degradedBelow: 10, overloadedBelow: 2 } })
  const look = () => runCheck(agent.target, spec, {})
  expect(await look()).toMatchObject({ ok: true, said: null })
  now.body = '{"state":"broken"}'
  expect(await look()).toMatchObject({ ok: false, reason: 'at $.state stands “broken”, not “ok”' }) // 200 with nonsense
  Object.assign(now, { body: '{"state":"ok"}', headers: { 'x-queue-free': '5' } })
  expect(await look()).toMatchObject({ ok: true, said: 'degraded' })
  now.headers = { 'x-queue-free': '1' }
  expect(await look()).toMatchObject({ said: 'overloaded' })
  now.headers = { 'x-agent-state': 'asleep' }
  expect(await look()).toMatchObject({ said: 'asleep' })
  now.status = 500
  expect(await look()).toMatchObject({ ok: false, reason: '/health answers 500' })
})

test('a metric tells of the queue after a look that went well; one that cannot be read is said, and is no failure', async () => {
  const now = { status: 200, metrics: 'jobs_waiting{queue="main"} 3\n', well: true }
  const asked: string[] = []
  await using agent = await serveAgent(({ url = '' }, response) => {
    asked.push(url)
    response.writeHead(url === '/metrics' ? now.status : 200).end(url === '/metrics' ? now.metrics : now.well ? 'well' : 'lorem ipsum')
  })
  const look = () => runCheck(agent.target, specOf({ type: 'HTTP', expect: { regex: '^well$' } }, { headroom: { metric: { name: 'jobs_waiting' }, degradedAbove: 10, overloadedAbove: 40 } }), {})
  expect(await look()).toMatchObject({ ok: true, said: null, reason: '' })
  now.metrics = 'jobs_waiting{queue="main"} 30\njobs_waiting{queue="slow"} 20\n'
  expect(await look()).toMatchObject({ ok: true, said: 'overloaded', reason: 'jobs_waiting is 50' })
  now.metrics = 'another 1\n'
  expect(await look()).toMatchObject({ ok: true, said: null, reason: '/metrics has no metric jobs_waiting with these labels' })
  now.metrics = 'jobs_waiting 9\n'.repeat(2 ** 17)
  expect(await look()).toMatchObject({ ok: true, said: null, reason: expect.stringContaining('jobs_waiting cannot be read') })
  Object.assign(now, { status: 503, metrics: '' })
  expect(await look()).toMatchObject({ ok: true, said: null, reason: '/metrics answers 503, so jobs_waiting is not known' })
  now.well = false
  asked.length = 0
  expect([await look(), asked]).toMatchObject([{ ok: false, said: null }, ['/']]) // its failure says enough
})

test('TCP and gRPC health; neither reaches an address that is not allowed', async () => {
  await using agent = await serveAgent(() => {})
  expect(await runCheck(agent.target, specOf({ type: 'TCP' }), {})).toMatchObject({ ok: true })
  expect(await runCheck({ outside, origin: 'http://127.0.0.1:1' }, specOf({ type: 'TCP' }), {})).toMatchObject({ ok: false, reason: expect.stringContaining('no connection') })
  for (const type of ['TCP', 'GRPC', 'HTTP']) expect(await runCheck({ ...agent.target, outside: { allow: ALLOW_NOTHING } }, specOf({ type }), {})).toMatchObject({ ok: false, reason: expect.stringContaining('not an address of the public internet') })
  let status = 1
  const bytes = (value: Buffer) => value
  const server = new Server()
  server.addService({ check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } }, { check: (_: unknown, answer: (error: null, value: Buffer) => void) => answer(null, Buffer.from([0x08, status])) })
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))))
  const look = () => runCheck({ outside, origin: `http://127.0.0.1:${port}` }, specOf({ type: 'GRPC', service: 'loom' }), {})
  expect(await look()).toMatchObject({ ok: true })
  status = 2
  expect(await look()).toMatchObject({ ok: false, reason: 'the health service says NOT_SERVING' })
  server.forceShutdown()
  expect(await look()).toMatchObject({ ok: false })
})

test.each(['TCP', 'GRPC'])('%s connects to the address that was checked, by name and over IPv6', async (type) => {
  const answering = new Server()
  const bytes = (value: Buffer) => value
  answering.addService({ check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } }, { check: (_: unknown, answer: (error: null, value: Buffer) => void) => answer(null, Buffer.from([0x08, 1])) })
  const port = await new Promise<number>((resolve, reject) => answering.bindAsync('[::]:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))))
  const look = (origin: string, outside: Outside) => runCheck({ outside, origin }, specOf({ type }), {})
  expect(await look(`http://[::1]:${port}`, { allow: parseAllowList('::1') })).toMatchObject({ ok: true, reason: '' })
  expect(await look(`http://[::1]:${port}`, { allow: ALLOW_NOTHING })).toMatchObject({ ok: false, reason: expect.stringContaining('not an address of the public internet') })
  const asked: string[] = []
  const named: Outside = { allow: parseAllowList('127.0.0.1'), resolve: async (host) => [{ address: (asked.push(host), '127.0.0.1'), family: 4 }] }
  expect(await look(`http://loom.agents.test:${port}`, named)).toMatchObject({ ok: true, reason: '' })
  expect(asked).toEqual(['loom.agents.test'])
  // The name of an allowed host that leads elsewhere, and one that is not answered.
  expect(await look(`http://loom.agents.test:${port}`, { ...named, resolve: async () => [{ address: '127.0.0.1', family: 4 }, { address: '10.0.0.1', family: 4 }] })).toMatchObject({ ok: false, reason: expect.stringContaining('10.0.0.1') })
  expect(await look(`http://loom.agents.test:${port}`, { ...named, resolve: () => new Promise(() => {}) })).toMatchObject({ ok: false, reason: 'no whole answer within 2 s' })
  answering.forceShutdown()
}, 20_000)

test('A2A: the card, a task that does not exist, and a task that is answered, in 1.0 and in 0.3', async () => {
  const now = { speaks: '1.0', answer: 'Guten Morgen', handler: true, skills: [{ id: 'translate' }] }
  await using agent = await serveAgent(async (request, response) => {
    if (request.url === '/.well-known/agent-card.json') return json(response, { name: 'loom', supportedInterfaces: [{ url: 'http://127.0.0.1:9/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }], skills: now.skills })
    const { method, id } = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'))
    if (request.url !== '/rpc' || !now.handler) return json(response, { ok: true })
    const known = now.speaks === '1.0' ? ['GetTask', 'SendMessage'] : ['tasks/get', 'message/send']
    if (!known.includes(method)) return json(response, { jsonrpc: '2.0', id, error: { code: -32_601, message: 'unknown' } })
    if (method.includes('ask')) return json(response, { jsonrpc: '2.0', id, error: { code: -32_001, message: 'no such task' } })
    return json(response, { jsonrpc: '2.0', id, result: { message: { parts: [{ text: now.answer }] } } })
  })
  const look = (check: object, memory = {}) => runCheck(agent.target, specOf(check), memory)
  const ask = { type: 'Task', text: 'translate good morning', expect: { regex: 'Guten Morgen' } }
  for (const speaks of ['1.0', '0.3']) {
    now.speaks = speaks
    expect(await look({ type: 'A2ATask' }), speaks).toMatchObject({ ok: true })
    expect(await look(ask), speaks).toMatchObject({ ok: true })
  }
  now.answer = 'I like trains'
  expect(await look(ask)).toMatchObject({ ok: false, reason: expect.stringContaining('does not match') })
  expect(await look({ ...ask, expect: { similarTo: 'Guten Morgen' } })).toMatchObject({ ok: true, answer: expect.stringContaining('I like trains') }) // control judges
  now.handler = false
  expect(await look({ type: 'A2ATask' })).toMatchObject({ ok: false, reason: 'a task that does not exist is answered with 200, not with “task not found”' })
  const memory = {}
  expect(await look({ type: 'A2ACard', unchanged: true }, memory)).toMatchObject({ ok: true })
  now.skills = [{ id: 'other' }]
  expect(await look({ type: 'A2ACard', unchanged: true }, memory)).toMatchObject({ ok: false, reason: 'the card is not the one of the first look' })
})

test('MCP: a server of the SDK answers, and must offer the tool', async () => {
  await using agent = await serveAgent((request, response) => {
    const mcp = new McpServer({ name: 'search', version: '2' })
    mcp.registerTool('find', { description: 'finds cloth' }, async () => ({ content: [] }))
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
    void mcp.connect(transport as Parameters<typeof mcp.connect>[0]).then(() => transport.handleRequest(request, response)) // the SDK's own types differ under exactOptionalPropertyTypes
  })
  const look = (more: object) => runCheck(agent.target, specOf({ type: 'MCP', ...more }), {})
  expect(await look({})).toMatchObject({ ok: true })
  expect(await look({ operation: 'tools', tool: 'find' })).toMatchObject({ ok: true })
  expect(await look({ operation: 'tools', tool: 'weave' })).toMatchObject({ ok: false, reason: 'the tool “weave” is not offered' })
})

test('what control finds while it cannot be stored is stored later', async () => {
  await using db = await testDatabase()
  await using agent = await serveAgent((_, response) => json(response, { state: 'I like trains' }))
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'weave.test')`)
  const port = Number(new URL(agent.target.origin).port)
  const objects = [
    Agent.parse({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name: 'loom' }, spec: { instances: [{ address: '127.0.0.1', port, version: 'v1' }] } }),
    HealthProbe.parse({ apiVersion: HEDDLE_API, kind: 'HealthProbe', metadata: { name: 'ask' }, spec: { targetRefs: [{ name: 'loom' }], from: 'control', intervalSeconds: 600, failureThreshold: 1, check: { type: 'HTTP', path: '/', expect: { similarTo: 'good morning' } } } }),
  ]
  await commitChange(db, { mesh: 'local', author: 'test', reason: '', changes: objects.map((after) => ({ ref: refOf(after), expected: null, after })) })
  await syncStaticInstances(db, 'local')
  const state = await readMeshState(db, 'local')
  const errors: string[] = []
  const similarity = async () => {
    if (errors.length === 0) throw new Error('the model is away')
    return 0
  }
  await using _probes = startProbes({ db, mesh: 'local', outside, state: () => state, similarity, onError: (error) => errors.push(error.message) })
  await vi.waitFor(async () => expect((await readMeshState(db, 'local')).instances[0]?.health).toBe('down'), { timeout: 15_000, interval: 200 })
  expect(errors).toEqual(['cannot store what probes found: the model is away'])
}, 30_000)

test('what was found becomes health with a history; what nobody asks for any more is cleared away', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'weave.test')`)
  await db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) values ('local', 'loom-1', 'default', 'loom', 'v1', '127.0.0.1', 1, 'sidecar')`)
  const spec = specOf({ type: 'Task', text: 'x', expect: { similarTo: 'good morning' } })
  await db.pool.query(`insert into object (mesh, kind, namespace, name, revision, spec) values ('local', 'HealthProbe', 'default', 'ask', 1, $1)`, [JSON.stringify(spec)])
  const take = (oks: boolean[], answer?: string) => takeResults(db, { mesh: 'local', instance: 'loom-1', namespace: 'default', agent: 'loom' }, oks.map((ok) => ({ probe: 'default/ask', ok, said: null, reason: ok ? '' : 'broken', latencyMs: 1, at: new Date().toISOString(), ...(answer ? { answer } : {}) })), new Map([['default/ask', spec]]), async (_, other) => (other === 'good day' ? 0.9 : 0.1))
  const health = async () => (await readMeshState(db, 'local')).instances[0]?.health ?? 'ready'
  await take([true, false])
  expect(await health()).toBe('ready')
  await take([false])
  expect(await health()).toBe('down')
  await take([true], 'good day')
  expect(await health()).toBe('ready')
  await take([true, true], 'I like trains') // 200, and nonsense
  expect(await health()).toBe('down')
  const { rows } = await db.pool.query('select was, became, reason from probe_event order by id')
  expect(rows).toEqual([{ was: 'ready', became: 'down', reason: 'broken' }, { was: 'down', became: 'ready', reason: 'it answers as it should' }, { was: 'ready', became: 'down', reason: 'the answer is 0.10 like the expected one, not 0.6' }])
  await sweepHealth(db, 'local')
  expect(await health()).toBe('down')
  await db.pool.query('delete from object')
  await sweepHealth(db, 'local')
  expect(await health()).toBe('ready')
})
