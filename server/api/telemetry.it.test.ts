import { expect, test } from 'vitest'
import type { Breakdown, Graph, Series, SpanPeers, TelemetryStorage } from '#server/contracts/telemetry.ts'
import { startTestCollector } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf } from '#server/testing/spans.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'
import { eventually } from '#server/testing/load.ts'

test('graph, series, traces and storage over the API, for viewers alone', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const api = await testApi(lab.db)
  const viewer = api.as('viewer')
  await lab.db.pool.query(`insert into object (mesh, kind, namespace, name, revision, labels, spec) values ('local', 'Agent', 'default', 'beta', 1, '{"team": "x"}', '{"type": "tool", "protocol": "mcp"}')`)
  const caller = freshSpan({ kind: 3 })
  const callee = freshSpan({ traceId: caller.traceId, parentSpanId: caller.spanId, kind: 2 })
  for (const [service, span] of [['alpha', caller], ['beta', callee]] as const) await fetch(`${lab.http}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: requestOf([span], { 'service.name': service, 'service.version': 'v2' }) })

  const graph = await eventually('the call', 10_000, async () => {
    const answer = (await (await viewer.get('/graph?window=5m')).json()) as Graph
    return answer.edges.length > 0 ? answer : null
  })
  expect(graph.edges).toMatchObject([{ source: 'unknown/alpha', target: 'agent/default/beta', protocol: 'mcp', requests: 1, errors: 0, mtlsShare: null, evidence: { mesh: null, spans: { requests: 1, errors: 0 } } }])
  expect(graph.nodes).toMatchObject([
    { id: 'agent/default/beta', kind: 'tool', namespace: 'default', labels: { team: 'x' }, health: 'healthy', versions: [{ version: 'v2', requests: 1, errors: 0 }] },
    { id: 'unknown/alpha', kind: 'unknown', namespace: null },
  ])
  const byVersion = (await (await viewer.get('/graph?window=5m&by=version')).json()) as Graph
  expect(byVersion.edges.map((edge) => edge.target)).toEqual(['agentversion/default/beta-v2'])
  const series = (await (await viewer.get('/series?target=agent/default/beta&by=version&window=5m')).json()) as Series
  expect(series.series.map((line) => [line.version, line.points.reduce((sum, point) => sum + point.requests, 0)])).toEqual([['v2', 1]])
  const storage = (await (await viewer.get('/ingest/storage')).json()) as TelemetryStorage
  expect(storage.bytes).toBeGreaterThan(0)
  expect(storage.citus).toBe(false)

  expect((await viewer.get(`/traces/${caller.traceId.toUpperCase()}`)).status).toBe(200)
  expect(await (await viewer.get(`/traces/${caller.traceId}?format=otlp`)).json()).toMatchObject({ resourceSpans: [{ scopeSpans: [{ spans: [{ spanId: expect.any(String) }] }] }, {}] })
  expect((await (await viewer.get('/traces?service=beta&limit=10')).json()) as object).toMatchObject({ items: [{ traceId: caller.traceId, spans: 2 }], metadata: { continue: null } })
  const byAttribute = (await (await viewer.get('/traces?attr=service.version=v2&attr=service.name=beta')).json()) as object
  expect(byAttribute).toMatchObject({ items: [{ traceId: caller.traceId }], metadata: { continue: null, lookedBackTo: null } })
  expect(await (await viewer.get('/traces?attr=service.version=v3')).json()).toMatchObject({ items: [] })
  expect(await (await viewer.get('/traces/attributes?service=beta')).json()).toEqual({ items: [{ name: 'service.name', values: ['beta'] }, { name: 'service.version', values: ['v2'] }] })
  for (const [path, status] of [['/traces/zz', 404], [`/traces/${'1'.repeat(32)}`, 404], ['/graph?window=nonsense', 400], ['/graph?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 400], ['/series', 400], ['/breakdown', 400], ['/breakdown?target=x&window=nonsense', 400], ['/traces?continue=abc', 400], ['/traces?minDurationMs=-1', 400],
    ['/traces?attr=novalue', 400], ['/traces?attr==x', 400], [`/traces?attr=a=${'x'.repeat(1100)}`, 400], [`/traces?${'attr=a=1&'.repeat(5)}`, 400], ['/traces/attributes?window=nonsense', 400]] as const) expect((await viewer.get(path)).status, path).toBe(status)
  for (const path of ['/graph', '/series?target=x', '/breakdown?target=x', '/traces', '/traces/attributes', `/traces/${caller.traceId}`, '/ingest/storage']) expect((await api.send(path)).status, path).toBe(401)
})

test('why calls failed and what tokens cost, of an edge and of an agent, also of one that nobody registered', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const viewer = (await testApi(lab.db)).as('viewer')
  const say = (service: string, ...spans: Parameters<typeof requestOf>[0]) => postOtlp(`${lab.http}/v1/traces`, requestOf(spans, { 'service.name': service }))
  const chat = (status: number, tokens: number) => freshSpan({ name: 'chat', kind: 3, status: { code: status < 500 ? 0 : 2 }, attributes: attributesOf({ 'server.address': 'oracle.default.mesh', 'http.response.status_code': status, 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'big-1', 'gen_ai.usage.input_tokens': tokens, 'gen_ai.usage.output_tokens': tokens }) })
  await say('asker', chat(200, 500), chat(200, 500), chat(503, 0), chat(429, 0))
  await say('oracle', freshSpan({ name: 'answer', kind: 2, status: { code: 2 }, attributes: attributesOf({ 'http.response.status_code': 500 }) }))
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ('local', 'prices', '{"currency": "EUR", "models": {"big-*": {"input": 1000, "output": 3000}}}')`)
  const read = async <T>(path: string) => (await (await viewer.get(path)).json()) as T
  const models = [{ model: 'big-1', calls: 4, tokens: { input: 1000, output: 1000 }, cost: 4 }]
  const edge = await eventually('the spans', 10_000, async () => {
    const answer = await read<Breakdown>('/breakdown?source=unknown/asker&target=unknown/oracle&window=5m')
    return answer.looked === 4 ? answer : null
  })
  expect(edge).toMatchObject({ kinds: expect.arrayContaining([{ what: '503', refused: false, calls: 1 }, { what: '429', refused: true, calls: 1 }]), kindsBackTo: null, models, currency: 'EUR' })
  expect(await read('/breakdown?source=unknown/asker&target=unknown/elsewhere&window=5m')).toMatchObject({ kinds: [], looked: 0, models: [] })
  expect(await read('/breakdown?target=agent/default/asker&window=5m')).toMatchObject({ kinds: [], models })
  const series = await eventually('the calls', 10_000, async () => {
    const answer = await read<Series>('/series?source=unknown/asker&window=5m')
    return answer.total.requests > 0 ? answer : null
  })
  expect(series.total.tokens).toEqual({ input: 1000, output: 1000 })
  expect(series.series.flatMap(({ points }) => points).reduce((sum, point) => sum + point.tokens.output, 0)).toBe(1000)
})

test('a span among those of the same service and operation, and nobody else', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const viewer = (await testApi(lab.db)).as('viewer')
  const endMs = Date.now() - 60_000
  const lasting = (ms: number, name = 'answer', code = 0) => freshSpan({ name, kind: 2, status: { code }, startTimeUnixNano: `${endMs - ms}000000`, endTimeUnixNano: `${endMs}000000` })
  const spans = [lasting(10), lasting(20, 'answer', 2), lasting(40), lasting(1000)]
  await postOtlp(`${lab.http}/v1/traces`, requestOf([...spans, lasting(15, 'other')], { 'service.name': 'oracle', 'service.version': 'v1' }))
  await postOtlp(`${lab.http}/v1/traces`, requestOf([lasting(30)], { 'service.name': 'oracle', 'service.version': 'v2' }))
  await postOtlp(`${lab.http}/v1/traces`, requestOf([lasting(5)], { 'service.name': 'prophet' }))
  const [, , third] = spans
  const path = `/traces/${third!.traceId}/spans/${third!.spanId}/peers`
  const found = await eventually('all are stored', 10_000, async () => {
    const answer = (await (await viewer.get(path)).json()) as SpanPeers
    return answer.spans === 5 ? answer : null
  })
  expect(found).toMatchObject({ service: 'oracle', operation: 'answer', durationMs: 40, shorter: 3, failed: 1, latencyMs: { p50: 30, p95: 1000, p99: 1000 }, backTo: null })
  expect(found.bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(5)
  expect(found.bars.length).toBeLessThanOrEqual(40)
  const bar = found.bars.find(({ fromMs, toMs }) => fromMs <= 40 && 40 < toMs)
  expect(bar?.count).toBeGreaterThan(0)
  expect(await (await viewer.get(`${path}?window=30s`)).json()).toMatchObject({ spans: 0, bars: [], latencyMs: null })
  for (const [wrong, status] of [[path.replace(third!.spanId, 'f'.repeat(16)), 404], [path.replace(third!.spanId, 'zz'), 404], [`${path}?service=prophet`, 404], [`${path}?window=nonsense`, 400]] as const) expect((await viewer.get(wrong)).status, wrong).toBe(status)
})

test('of more buckets than the limit the newest come, oldest first', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  await db.pool.query(`insert into telemetry.ingest (collector, bucket, requests, spans, points, bytes, content_dropped, lag_ms, waiting_bytes, refused) select 'one', to_timestamp(floor(extract(epoch from now()) / 10) * 10 - 10 * n), 1, 1, 1, 1, 0, 1, 1, '{}' from generate_series(0, 4) n`)
  const bucketsOf = async (query: string) => ((await (await as('viewer').get(`/ingest${query}`)).json()) as { items: { at: string }[] }).items.map(({ at }) => at)
  const all = await bucketsOf('')
  expect(all).toHaveLength(5)
  expect(all).toEqual(all.toSorted())
  expect(await bucketsOf('?limit=2')).toEqual(all.slice(-2))
})
