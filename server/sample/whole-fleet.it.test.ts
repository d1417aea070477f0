// The promises of the mesh on the sample fleet, through its gateway and its sidecars, with every agent's exporter off.
import { JsonRpcTransportFactory, ClientFactory, DefaultAgentCardResolver } from '@a2a-js/sdk/client'
import { Role } from '@a2a-js/sdk'
import { ProxyAgent, fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SampleAgentReport, SampleReport } from '#server/contracts/sample.ts'
import { startHeddle } from '#server/testing/heddle.ts'
import { burst, callerThrough, eventually, fourSigma, openLoop, tally, type Caller, type CallOptions } from '#server/testing/load.ts'
import { meshOf, splitOf, type MeshUnderTest } from '#server/testing/mesh.ts'
import { textMessage, textOf } from './a2a-server.ts'
import { FLEET } from './fleet.ts'
import { freePorts } from './free-ports.ts'
import { startInstance } from './processes.ts'

let heddle: Awaited<ReturnType<typeof startHeddle>>
let mesh: MeshUnderTest
let startedAt: string
let tasks: Caller
let fromOrchestrator: Caller

beforeAll(async () => {
  startedAt = new Date().toISOString()
  heddle = await startHeddle({ env: { HEDDLE_SAMPLE: 'on', OTEL_SDK_DISABLED: 'true' } })
  mesh = meshOf(heddle)
  tasks = callerThrough(heddle.ports.sampleGateway)
  await eventually('the fleet answers a task', 200_000, async () => (await postTask()).status === 200 || null)
  await mesh.request('PUT', '/sample', { rate: 0, failureShare: 0 })
  fromOrchestrator = callerThrough(await outboundPortOf('orchestrator'))
}, 300_000)

afterAll(async () => {
  tasks?.[Symbol.dispose]()
  fromOrchestrator?.[Symbol.dispose]()
  await heddle?.[Symbol.asyncDispose]()
}, 60_000)

test('a task answers with its result, its conversation and the version that translated', async () => {
  const answer = await postTask('Explain tides in German')
  const body = JSON.parse(answer.body) as { result: string; contextId: string; versions: { translator: string } }
  expect(body.result).toContain('Mond')
  expect(body.contextId).not.toBe('')
  expect(answer.headers['x-heddle-agent-version']).toBe(body.versions.translator)
  expect(['v1', 'v2']).toContain(body.versions.translator)
})

test.each([
  { v1: 50, v2: 50 },
  { v1: 99, v2: 1 },
  { v1: 0, v2: 100 },
])('a split of $v1/$v2 holds over 2,000 calls to the translator', async (weights) => {
  await mesh.accepted(await mesh.write(labelled(splitOf('translator', weights))))
  const results = await burst(2000, 48, () => fromOrchestrator.call('translator.default.mesh', translation))
  expect(tally(results.map(({ status }) => status))).toEqual(new Map([[200, 2000]]))
  const toV2 = results.filter(({ headers }) => headers['x-heddle-agent-version'] === 'v2').length
  expect(Math.abs(toV2 - 20 * weights.v2)).toBeLessThanOrEqual(fourSigma(2000, weights.v2 / 100))
})

test('through the gateway the split is the same, and one task calls the translator exactly once', async () => {
  await mesh.accepted(await mesh.write(labelled(splitOf('translator', { v1: 50, v2: 50 }))))
  const before = postsOf(await settledReports(), 'translator')
  const results = await burst(200, 12, () => postTask())
  expect(tally(results.map(({ status }) => status))).toEqual(new Map([[200, 200]]))
  const toV2 = results.filter(({ headers }) => headers['x-heddle-agent-version'] === 'v2').length
  expect(Math.abs(toV2 - 100)).toBeLessThanOrEqual(fourSigma(200, 0.5))
  expect(postsOf(await settledReports(), 'translator')).toBe(before + 200)
})

/** What those had counted who have left since; the fleet's own report no longer holds them. */
const departed: SampleAgentReport[] = []

test('a third researcher gets traffic within two seconds of joining, with no edit', async () => {
  const [outboundPort] = await freePorts(1)
  const agents = await reports()
  const ready = Date.now()
  const third = startInstance({
    agent: 'researcher',
    version: 'v1',
    instance: 'researcher-v1-3',
    socket: `${heddle.home}/sample/r3.sock`,
    outboundPort: outboundPort!, // one was asked for
    trustDomain: 'mesh.local',
    home: heddle.home,
    env: { ...process.env, ...heddle.env, OTEL_SDK_DISABLED: 'true' },
    log: () => {},
    onChange: () => {},
  })
  try {
    await eventually('the third researcher joined', 30_000, async () => (await mesh.proxies()).some(({ outboundUrl, state }) => outboundUrl?.endsWith(`:${outboundPort}`) && state === 'synced'))
    const joined = Date.now()
    await eventually('it has answered', 2000, async () => {
      await burst(6, 6, () => postTask())
      return ((await third.report())?.received ?? []).some(({ path }) => path === '/')
    })
    expect(Date.now() - joined).toBeLessThan(4000) // two seconds, and the burst that found out
    expect(agents.filter(({ agent }) => agent === 'researcher')).toHaveLength(2)
    expect(ready).toBeGreaterThan(0)
  } finally {
    const report = await third.report()
    if (report) departed.push(report)
    await third.stop()
  }
})

test('the translator may not call search-tools, the researcher may', async () => {
  const initialize = { path: '/mcp', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } } }), headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' } }
  using translator = callerThrough(await outboundPortOf('translator'))
  using researcher = callerThrough(await outboundPortOf('researcher'))
  expect((await translator.call('search-tools.default.mesh', initialize)).status).toBe(403)
  expect((await researcher.call('search-tools.default.mesh', initialize)).status).toBe(200)
})

test('an unmodified A2A client follows the URL of a card through its sidecar, in 1.0 and in 0.3', async () => {
  const dispatcher = new ProxyAgent(`http://127.0.0.1:${await outboundPortOf('orchestrator')}`)
  const fetchImpl = ((url: string, init?: object) => undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch // HTTP_PROXY, as a program sets it
  for (const legacy of [false, true]) {
    const before = postsOf(await settledReports(), 'writer')
    const card = await new DefaultAgentCardResolver({ fetchImpl, legacyCompat: { enabled: true } }).resolve('http://writer.default.mesh/')
    const spoken = card.supportedInterfaces.filter(({ protocolVersion }) => (protocolVersion === '0.3') === legacy)
    expect(spoken[0]?.url).toBe('http://writer.default.mesh/')
    const client = await new ClientFactory({ transports: [new JsonRpcTransportFactory({ fetchImpl, legacyCompat: { enabled: true } })] }).createFromAgentCard({ ...card, supportedInterfaces: spoken })
    const reply = await client.sendMessage({ tenant: '', message: textMessage(Role.ROLE_USER, '- Salt comes from the sea.', ''), configuration: undefined, metadata: undefined })
    expect('parts' in reply && textOf(reply)).toContain('Salt comes from the sea.')
    expect(postsOf(await settledReports(), 'writer')).toBe(before + 1)
  }
  await dispatcher.close()
})

test('no agent received a request that did not come from its own sidecar, and every caller is known', async () => {
  for (const { agent, strangers, received } of await settledReports()) {
    expect({ agent, strangers }).toEqual({ agent, strangers: 0 })
    for (const { caller } of received) expect(caller).toMatch(agent === 'gateway' ? /^outside$|^spiffe:/ : /^spiffe:\/\/mesh\.local\/ns\/default\/agent\//)
  }
})

test('failures that the model makes are counted, and the mesh agrees with the agents to the call', async () => {
  await mesh.request('PUT', '/sample', { rate: 0, failureShare: 0.3 })
  await eventually('the model fails', 10_000, async () => (await postTask()).status === 502)
  await burst(40, 8, () => postTask())
  await mesh.request('PUT', '/sample', { rate: 0, failureShare: 0 })
  await eventually('the model is well', 10_000, async () => (await burst(5, 5, () => postTask())).every(({ status }) => status === 200))
  await eventually('the mesh agrees with the agents', 60_000, async () => {
    const { edges } = await mesh.graph(`from=${startedAt}&to=${new Date(Date.now() + 1000).toISOString()}&by=version`)
    for (const [key, counts] of countsByEdge([...(await settledReports()), ...departed])) {
      // A caller says who it is and not of which version, so the mesh's edges from all versions of it belong together.
      const same = edges.filter(({ source, target }) => `${source.replace(/^agentversion\/(\w+)\/(.*)-v\d+$/, 'agent/$1/$2')} → ${target}` === key)
      const sum = (what: 'requests' | 'errors') => same.reduce((total, { evidence }) => total + (evidence.mesh?.[what] ?? 0), 0)
      // What the gateway's listener answered itself, while it had no route yet, no agent received.
      const requests = key.startsWith('external/clients') ? Math.min(sum('requests'), counts.requests) : sum('requests')
      expect({ key, requests, errors: sum('errors') }).toEqual({ key, ...counts })
    }
    return true
  })
})

test.each(['control', 'collector', 'web', 'postgres'])('a killed %s costs no task, and comes back by itself', async (role) => {
  const [victim] = heddle.processes().filter((entry) => entry.role === role)
  const stream = openLoop(5, () => postTask())
  process.kill(victim!.pid, 'SIGKILL') // each of them runs
  await eventually(`${role} is back`, 60_000, () => heddle.processes().some((entry) => entry.role === role && entry.state === 'ready' && entry.pid !== victim!.pid))
  await eventually('the API answers', 60_000, async () => (await mesh.request('GET', '/agents').catch(() => null))?.status === 200)
  await eventually('tasks went on', 20_000, () => stream.results.length > 5)
  const results = await stream.stop()
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
}, 180_000)

test('one request removes the fleet: its objects, and every process', async () => {
  expect((await mesh.request('DELETE', '/sample')).status).toBeLessThan(300)
  await eventually('no agent and no sidecar runs', 40_000, async () => (await heddle.processes()).every(({ role }) => !['agent', 'sidecar', 'envoy'].includes(role)))
  expect((await mesh.get<{ items: unknown[] }>('/agents?labelSelector=heddle.dev/sample=true')).items).toEqual([])
})

const PROCESSES = FLEET.flatMap(({ versions }) => versions).length

const translation: CallOptions = {
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'Translate into German: old' }] } } }),
  headers: { 'content-type': 'application/json', 'a2a-version': '1.0' },
}

function postTask(task = 'Explain bees in French') {
  return tasks.call(`127.0.0.1:${heddle.ports.sampleGateway}`, { body: JSON.stringify({ task }), headers: { 'content-type': 'application/json' } })
}

async function outboundPortOf(agent: string): Promise<number> {
  const url = (await mesh.proxies()).find((proxy) => proxy.agent === agent && proxy.state !== 'disconnected')?.outboundUrl
  if (!url) throw new Error(`no proxy of ${agent}`)
  return Number(new URL(url).port)
}

async function reports(): Promise<SampleAgentReport[]> {
  return (await mesh.get<SampleReport>('/sample')).agents
}

/** Reports of the whole fleet in which no count moved over two seconds: the runner sends one each second. */
async function settledReports(): Promise<SampleAgentReport[]> {
  let last = { counts: '', at: 0 }
  return eventually('counts have settled', 30_000, async () => {
    const { agents, updatedAt } = await mesh.get<SampleReport & { updatedAt: string }>('/sample')
    const [counts, at] = [JSON.stringify(agents), Date.parse(updatedAt)]
    if (agents.length < PROCESSES || counts !== last.counts) last = { counts, at }
    return agents.length === PROCESSES && at - last.at >= 2000 ? agents : null
  })
}

function postsOf(agents: readonly SampleAgentReport[], name: string): number {
  return agents.filter(({ agent }) => agent === name).flatMap(({ received }) => received).filter(({ path }) => path === '/').reduce((sum, { ok, error }) => sum + ok + error, 0)
}

/** `agent/default/writer → agentversion/default/sample-llm-v1`, with calls and errors, replicas added up. */
function countsByEdge(agents: readonly SampleAgentReport[]): Map<string, { requests: number; errors: number }> {
  const edges = new Map<string, { requests: number; errors: number }>()
  for (const { agent, version, received } of agents) {
    for (const { caller, ok, error } of received) {
      const source = caller === 'outside' ? 'external/clients' : `agent/default/${/agent\/(.+)$/.exec(caller)?.[1]}`
      const key = `${source} → agentversion/default/${agent}-${version}`
      const sum = edges.get(key) ?? { requests: 0, errors: 0 }
      edges.set(key, { requests: sum.requests + ok + error, errors: sum.errors + error })
    }
  }
  return edges
}

function labelled<T extends { metadata: object }>(object: T): T {
  return { ...object, metadata: { ...object.metadata, labels: { 'heddle.dev/sample': 'true' } } }
}
