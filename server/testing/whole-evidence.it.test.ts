// Two kinds of evidence of the same calls, on a fleet that Heddle has never seen: what the proxies counted, and what the agents' spans say.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GraphEdge } from '#server/contracts/telemetry.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from './spans.ts'
import { startHeddle } from './heddle.ts'
import { burst, eventually } from './load.ts'
import { meshOf, type MeshUnderTest } from './mesh.ts'
import type { PlainAgent } from './plain-agent.ts'

let heddle: Awaited<ReturnType<typeof startHeddle>>
let mesh: MeshUnderTest
let startedAt: string
let press: PlainAgent
let kiln: PlainAgent
let mute: PlainAgent

beforeAll(async () => {
  startedAt = new Date().toISOString()
  heddle = await startHeddle()
  mesh = meshOf(heddle)
  ;[kiln, mute] = await Promise.all([
    mesh.join({ name: 'kiln', version: 'v3', status: (path) => (path === '/cracked' ? 500 : path === '/closed' ? 404 : undefined) }),
    mesh.join({ name: 'mute' }),
  ])
  press = await mesh.join({ name: 'press' }) // who calls joins last: its proxy is synced with everyone who is there, and no counted call comes too early
}, 240_000)

afterAll(async () => {
  await Promise.all([press, kiln, mute].map((agent) => agent?.[Symbol.asyncDispose]()))
  await heddle?.[Symbol.asyncDispose]()
})

interface Told {
  caller: TestSpan
  status: number
}

const ns = (ms: number) => `${Math.round(ms)}000000`

/** One call as an instrumented agent makes it: a client span whose context goes with the request. */
async function tracedCall(to: string, path: string): Promise<Told> {
  const caller = freshSpan({ kind: 3, name: `GET ${path}` })
  const from = Date.now()
  const { status } = await press.out.call(`${to}.default.mesh`, { path, headers: { traceparent: `00-${caller.traceId}-${caller.spanId}-01` } })
  const attributes = attributesOf({ 'server.address': `${to}.default.mesh`, 'http.request.method': 'GET', 'http.response.status_code': status })
  return { status, caller: { ...caller, startTimeUnixNano: ns(from), endTimeUnixNano: ns(Date.now()), attributes, ...(status >= 500 ? { status: { code: 2 } } : {}) } }
}

/** What the callee's own exporter says of a request: its parent is whoever the sidecars named in the context that arrived. */
function calleeSpans(agent: PlainAgent): TestSpan[] {
  return agent.received.flatMap(({ headers, path, status }) => {
    const [, traceId, parentSpanId] = String(headers['traceparent'] ?? '').split('-')
    if (!traceId || !parentSpanId) return []
    return [freshSpan({ traceId, parentSpanId, kind: 2, name: `GET ${path}`, attributes: attributesOf({ 'http.request.method': 'GET', 'http.response.status_code': status }) })]
  })
}

async function tell(service: string, version: string, spans: readonly TestSpan[]): Promise<void> {
  for (let at = 0; at < spans.length; at += 64) {
    const answer = await postOtlp(`http://127.0.0.1:${heddle.ports.otlpHttp}/v1/traces`, requestOf(spans.slice(at, at + 64), { 'service.name': service, 'service.version': version }))
    expect([answer.status, await answer.text()]).toEqual([200, '{}'])
  }
}

async function edgeTo(agent: string): Promise<GraphEdge | undefined> {
  const { edges } = await mesh.graph(`from=${startedAt}&to=${new Date(Date.now() + 1000).toISOString()}`)
  return edges.find(({ source, target }) => source === 'agent/default/press' && target === `agent/default/${agent}`)
}

test('with exporters on, spans and proxies count the same calls and errors on an edge, and every connection was mutual TLS', { timeout: 180_000 }, async () => {
  const paths = [...Array.from({ length: 150 }, () => '/fired'), ...Array.from({ length: 30 }, () => '/cracked'), ...Array.from({ length: 20 }, () => '/closed')]
  let next = 0
  const told = await burst(paths.length, 8, () => tracedCall('kiln', paths[next++]!)) // as many calls as paths
  expect(kiln.received).toHaveLength(200)
  expect(calleeSpans(kiln)).toHaveLength(200)
  await tell('press', 'v1', told.map(({ caller }) => caller))
  expect((await edgeTo('kiln'))?.evidence.spans).toEqual({ requests: 200, errors: 30 }) // by the callers' word, at once
  await tell('kiln', 'v3', calleeSpans(kiln))
  const edge = await eventually('the proxies have counted', 20_000, async () => {
    const now = await edgeTo('kiln')
    return now?.evidence.mesh?.requests === 200 ? now : null
  })
  expect(edge).toMatchObject({ refused: 20, mtlsShare: 1, evidence: { mesh: { requests: 200, errors: 30 }, spans: { requests: 200, errors: 30 } } })
})

test('of a callee that tells nothing, the callers’ spans still agree with the proxies', { timeout: 120_000 }, async () => {
  const told = await burst(60, 4, () => tracedCall('mute', '/'))
  await tell('press', 'v1', told.map(({ caller }) => caller))
  const edge = await eventually('the proxies have counted', 20_000, async () => {
    const now = await edgeTo('mute')
    return now?.evidence.mesh?.requests === 60 ? now : null
  })
  expect(edge.evidence).toEqual({ mesh: { requests: 60, errors: 0 }, spans: { requests: 60, errors: 0 } })
  const { nodes } = await mesh.graph(`from=${startedAt}&to=${new Date(Date.now() + 1000).toISOString()}`)
  expect(nodes.map(({ id }) => id).sort()).toEqual(['agent/default/kiln', 'agent/default/mute', 'agent/default/press'])
})
