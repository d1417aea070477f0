import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { startCollector, type Collector } from '#collectors/collector.ts'
import { readCallSeries } from '#server/queries/call-series.ts'
import { readEdgeSeries } from '#server/queries/edge-series.ts'
import { readGraph } from '#server/queries/graph.ts'
import { readSession, readSessions } from '#server/queries/sessions.ts'
import { eventually } from '#server/testing/load.ts'
import { MEMORY } from './trace-memory.ts'
import { startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'

const send = async (lab: Pick<Lab, 'http'>, service: string, spans: TestSpan[]) => {
  const answer = await postOtlp(`${lab.http}/v1/traces`, requestOf(spans, { 'service.name': service, 'service.version': 'v1' }))
  expect(answer.status).toBe(200)
}

const otherDoor = (collector: Collector) => ({ http: `http://127.0.0.1:${collector.httpPort}` })

const hour = () => ({ from: new Date(Date.now() - 600_000), to: new Date(Date.now() + 60_000) })
const edgesOf = async (lab: Lab) => (await readGraph(lab.db, 'local', { ...hour(), by: 'agent' })).edges.map((edge) => `${edge.source} → ${edge.target} ${edge.requests}/${edge.errors}`).sort()
/** What is stored, down to what no page would show: every edge whose counts are not nothing. */
async function countsOf(lab: Lab): Promise<string[]> {
  const counted = (table: string) => `select edge_id, requests, retries from telemetry.${table}`
  const { rows } = await lab.db.pool.query<{ edge: string }>(
    `select target || ' ' || sum(requests) || ' retries ' || sum(retries) as edge from (${counted('edge_delta')} union all ${counted('edge_bucket')} where resolution = 10) counts
     join telemetry.edge on edge.id = edge_id group by target having sum(requests) <> 0 or sum(retries) <> 0 order by 1`,
  )
  return rows.map(({ edge }) => edge)
}

function pair(traceId = randomBytes(16).toString('hex')): { caller: TestSpan; callee: TestSpan } {
  const caller = freshSpan({ traceId, kind: 3, name: 'GET', attributes: attributesOf({ 'server.address': 'beta.internal', 'http.request.method': 'GET' }) })
  return { caller, callee: freshSpan({ traceId, kind: 2, name: 'GET /', parentSpanId: caller.spanId, attributes: attributesOf({ 'http.response.status_code': 200 }) }) }
}

test('batches sent three times in parallel count as once', async () => {
  await using lab = await startTestCollector()
  const pairs = Array.from({ length: 30 }, () => pair())
  const sends = pairs.flatMap(({ caller, callee }) => Array.from({ length: 3 }, () => [send(lab, 'alpha', [caller]), send(lab, 'beta', [callee])]).flat())
  await Promise.all(sends)
  expect(await edgesOf(lab)).toEqual(['unknown/alpha → unknown/beta 30/0'])
  await Promise.all(pairs.map(({ callee }) => send(lab, 'beta', [callee])))
  expect(await edgesOf(lab)).toEqual(['unknown/alpha → unknown/beta 30/0'])
  expect(lab.errors.filter((error) => error.startsWith('storing'))).toEqual([])
})

test('a callee’s span that comes late corrects the edge, in every resolution', { timeout: 90_000 }, async () => {
  await using lab = await startTestCollector()
  const { caller, callee } = pair()
  await send(lab, 'alpha', [caller])
  expect(await edgesOf(lab)).toEqual(['unknown/alpha → external/beta.internal 1/0'])
  await send(lab, 'beta', [callee])
  expect(await edgesOf(lab)).toEqual(['unknown/alpha → unknown/beta 1/0'])
  await folded(lab)
  const EVERY = 'select resolution, target, sum(requests)::integer as requests, max(array_length(latency, 1)) as latency from telemetry.edge_bucket join telemetry.edge on edge.id = edge_id group by 1, 2 order by 1, 2'
  const { rows } = await lab.db.pool.query(EVERY)
  expect(rows).toEqual([10, 60, 3600].flatMap((resolution) => [{ resolution, target: 'agent/default/beta', requests: 1, latency: 2 }, { resolution, target: 'external/beta.internal', requests: 0, latency: null }]))
  // Ten minutes late: what was counted is folded, and nobody who takes it remembers the trace.
  const old = pair()
  const ago = (span: TestSpan) => ({ ...span, startTimeUnixNano: `${Date.now() - 600_000}000000`, endTimeUnixNano: `${Date.now() - 599_990}000000` })
  await send(lab, 'alpha', [ago(old.caller)])
  await folded(lab)
  await using other = await startCollector(lab.options)
  for (let times = 0; times < 2; times++) await send(otherDoor(other), 'beta', [ago(old.callee)])
  await folded(lab)
  const { rows: after } = await lab.db.pool.query<{ resolution: number; target: string; requests: number }>(EVERY)
  expect(after.map(({ resolution, target, requests }) => [resolution, target, requests])).toEqual([10, 60, 3600].flatMap((resolution) => [[resolution, 'agent/default/beta', 2], [resolution, 'external/beta.internal', 0]]))
})

const folded = (lab: Lab) => eventually('the fold', 10_000, async () => ((await lab.db.pool.query('select from telemetry.edge_delta')).rowCount === 0 ? true : null))

test('spans that were sent twice are one each for a collector that reads them back', async () => {
  await using lab = await startTestCollector()
  await using other = await startCollector(lab.options)
  const { caller, callee } = pair()
  for (let times = 0; times < 2; times++) await send(lab, 'alpha', [caller])
  for (let times = 0; times < 2; times++) await send(otherDoor(other), 'beta', [callee])
  await send(lab, 'alpha', [{ ...caller, endTimeUnixNano: `${Date.now() + 5}000000` }]) // it has gone on
  await send(otherDoor(other), 'beta', [callee])
  expect(await countsOf(lab)).toEqual(['agent/default/beta 1 retries 0'])
})

test('a collector does not trust what it remembers of a trace once another had its turn', async () => {
  await using lab = await startTestCollector()
  await using other = await startCollector(lab.options)
  const { caller, callee } = pair()
  await send(lab, 'alpha', [caller])
  await send(otherDoor(other), 'beta', [callee])
  await send(lab, 'beta', [{ ...callee, spanId: randomBytes(8).toString('hex') }])
  expect(await countsOf(lab)).toEqual(['agent/default/beta 1 retries 1'])
})

test('a trace of which more is stored than is read back keeps the counts it has', async () => {
  await using lab = await startTestCollector()
  await using other = await startCollector(lab.options)
  const { caller, callee } = pair()
  await send(lab, 'alpha', [caller])
  await lab.db.pool.query('insert into telemetry.span_part select span_part.* from telemetry.span_part, generate_series(1, $1)', [MEMORY.traceSpansMax])
  await send(otherDoor(other), 'beta', [callee])
  await send(otherDoor(other), 'alpha', [pair(caller.traceId).caller])
  expect(await countsOf(lab)).toEqual(['external/beta.internal 1 retries 0'])
})

test('two meshes with the same ids do not mix', async () => {
  await using lab = await startTestCollector()
  await lab.db.pool.query(`insert into mesh (name, trust_domain) values ('other', 'other.local')`)
  const { createHash } = await import('node:crypto')
  await lab.db.pool.query(`insert into telemetry_token (hash, mesh, spiffe_id, proxy) values ($1, 'other', 'spiffe://other.local/ns/default/agent/alpha', 'p')`, [createHash('sha256').update('t').digest()])
  const { caller, callee } = pair()
  const spoken = (span: TestSpan) => ({ ...span, attributes: [...span.attributes!, ...attributesOf({ 'gen_ai.conversation.id': 'talk', 'gen_ai.operation.name': 'invoke_agent' })] })
  await send(lab, 'alpha', [spoken(caller)])
  const answer = await postOtlp(`${lab.http}/v1/traces`, requestOf([spoken(callee), spoken(pair(caller.traceId).callee)], { 'service.name': 'beta' }), { authorization: 'Bearer t' })
  expect(answer.status).toBe(200)
  expect(await edgesOf(lab)).toEqual(['unknown/alpha → external/beta.internal 1/0'])
  expect((await readGraph(lab.db, 'other', { ...hour(), by: 'agent' })).edges).toEqual([])
  const seen = async (mesh: string) => {
    const { items } = await readSessions(lab.db, mesh, { ...hour(), limit: 10 })
    const detail = await readSession(lab.db, mesh, 'talk')
    const edge = await readEdgeSeries(lab.db, mesh, { source: 'agent/default/alpha', by: 'agent', ...hour() })
    const calls = await readCallSeries(lab.db, mesh, hour().from, hour().to)
    return [items.map(({ services, spans }) => [services, spans]), detail?.traceList.map(({ services }) => services), edge.series.length, calls.whole?.requests ?? 0]
  }
  expect(await seen('local')).toEqual([[[['alpha'], 1]], [[{ name: 'alpha', spans: 1 }]], 1, 1])
  expect(await seen('other')).toEqual([[[['beta'], 2]], [[{ name: 'beta', spans: 2 }]], 0, 0])
})

test('several collectors count each call once, whichever of them its spans came to, and the series agrees with the graph', { timeout: 90_000 }, async () => {
  await using lab = await startTestCollector()
  await using second = await startCollector({ ...lab.options })
  const other = { ...lab, http: `http://127.0.0.1:${second.httpPort}` }
  const pairs = Array.from({ length: 400 }, () => pair())
  for (let at = 0; at < 400; at += 20) {
    const some = pairs.slice(at, at + 20)
    await Promise.all([send(lab, 'alpha', some.map(({ caller }) => caller)), send(other, 'beta', some.map(({ callee }) => callee)), send(other, 'alpha', some.slice(5).map(({ caller }) => caller))])
  }
  expect(await edgesOf(lab)).toEqual(['unknown/alpha → unknown/beta 400/0'])
  const series = await readEdgeSeries(lab.db, 'local', { target: 'agent/default/beta', by: 'version', ...hour() })
  expect(series.series.map((line) => [line.version, line.points.reduce((sum, point) => sum + point.requests, 0)])).toEqual([['v1', 400]])
  const graph = await readGraph(lab.db, 'local', { ...hour(), by: 'agent' })
  expect(graph.edges[0]!.latencyMs!.p50).toBeGreaterThan(4.9)
  expect(graph.edges[0]!.latencyMs!.p50).toBeLessThan(5.1)
  expect(lab.errors.filter((error) => error.startsWith('storing'))).toEqual([])
})

test('counts are the same before, while and after they are folded', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const readings = new Set<string>()
  for (let round = 0; round < 3; round++) {
    const { caller, callee } = pair()
    await send(lab, 'alpha', [caller])
    await send(lab, 'beta', [callee])
    await eventually('the fold', 10_000, async () => {
      readings.add((await edgesOf(lab)).join())
      return (await lab.db.pool.query('select from telemetry.edge_delta')).rowCount === 0 ? true : null
    })
  }
  expect([...readings]).toEqual([1, 2, 3].map((count) => `unknown/alpha → unknown/beta ${count}/0`))
})
