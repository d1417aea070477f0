import { expect, test } from 'vitest'
import type { Graph, Series, TelemetryStorage } from '#server/contracts/telemetry.ts'
import { startTestCollector } from '#server/testing/collector.ts'
import { freshSpan, requestOf } from '#server/testing/spans.ts'
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

  expect((await viewer.get(`/traces/${caller.traceId.toUpperCase()}`)).status).toBe(200)
  expect(await (await viewer.get(`/traces/${caller.traceId}?format=otlp`)).json()).toMatchObject({ resourceSpans: [{ scopeSpans: [{ spans: [{ spanId: expect.any(String) }] }] }, {}] })
  expect((await (await viewer.get('/traces?service=beta&limit=10')).json()) as object).toMatchObject({ items: [{ traceId: caller.traceId, spans: 2 }], metadata: { continue: null } })
  const byAttribute = (await (await viewer.get('/traces?attr=service.version=v2&attr=service.name=beta')).json()) as object
  expect(byAttribute).toMatchObject({ items: [{ traceId: caller.traceId }], metadata: { continue: null, lookedBackTo: null } })
  expect(await (await viewer.get('/traces?attr=service.version=v3')).json()).toMatchObject({ items: [] })
  expect(await (await viewer.get('/traces/attributes?service=beta')).json()).toEqual({ items: [{ name: 'service.name', values: ['beta'] }, { name: 'service.version', values: ['v2'] }] })
  for (const [path, status] of [['/traces/zz', 404], [`/traces/${'1'.repeat(32)}`, 404], ['/graph?window=nonsense', 400], ['/graph?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 400], ['/series', 400], ['/traces?continue=abc', 400], ['/traces?minDurationMs=-1', 400],
    ['/traces?attr=novalue', 400], ['/traces?attr==x', 400], [`/traces?attr=a=${'x'.repeat(1100)}`, 400], [`/traces?${'attr=a=1&'.repeat(5)}`, 400], ['/traces/attributes?window=nonsense', 400]] as const) expect((await viewer.get(path)).status, path).toBe(status)
  for (const path of ['/graph', '/series?target=x', '/traces', '/traces/attributes', `/traces/${caller.traceId}`, '/ingest/storage']) expect((await api.send(path)).status, path).toBe(401)
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
