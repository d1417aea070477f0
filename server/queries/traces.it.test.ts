import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'
import { eventually } from '#server/testing/load.ts'
import { readTrace } from './trace.ts'
import { readTraces } from './traces.ts'

const window = () => ({ from: new Date(Date.now() - 600_000), to: new Date(Date.now() + 60_000), limit: 100 })

async function send(lab: Lab, service: string, spans: TestSpan[], token?: string) {
  const answer = await postOtlp(`${lab.http}/v1/traces`, requestOf(spans, { 'service.name': service }), token ? { authorization: `Bearer ${token}` } : {})
  expect([answer.status, await answer.text()]).toEqual([200, '{}'])
}

/** An agent that knows nothing of us: the SDK, and the environment variables that every SDK reads. It prints its trace id and when it ended. */
const STOCK_AGENT = `
  import { NodeSDK } from '@opentelemetry/sdk-node'
  import { context, SpanKind, trace } from '@opentelemetry/api'
  const sdk = new NodeSDK()
  sdk.start()
  const root = trace.getTracer('test').startSpan('root', { kind: SpanKind.SERVER, attributes: { answer: 42 } })
  trace.getTracer('test').startSpan('child', {}, trace.setSpan(context.active(), root)).end()
  root.end()
  await sdk.shutdown()
  console.log(JSON.stringify({ traceId: root.spanContext().traceId, endedAt: Date.now() }))`

test.each([
  ['grpc', {}],
  ['http/protobuf', {}],
  ['http/protobuf', { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }],
  ['http/json', {}],
])('spans of a stock SDK over %s %o are found within two seconds', { timeout: 60_000 }, async (protocol, extra) => {
  await using lab = await startTestCollector()
  const env = { ...process.env, OTEL_SERVICE_NAME: 'stock', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? `http://${lab.grpc}` : lab.http, ...extra }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', STOCK_AGENT], { env })
  const { traceId, endedAt } = JSON.parse(stdout) as { traceId: string; endedAt: number }
  const found = await eventually('the trace', 10_000, async () => (await readTraces(lab.db, 'local', { ...window(), service: 'stock' })).items.find((item) => item.spans === 2))
  expect(Date.now() - endedAt).toBeLessThan(2000)
  expect(found).toMatchObject({ traceId, rootService: 'stock', rootOperation: 'root', errors: 0, services: [{ name: 'stock', spans: 2 }] })
  const shown = await readTrace(lab.db, 'local', traceId, 'all')
  expect(shown?.spans.find((span) => span.name === 'root')).toMatchObject({ kind: 'server', parentSpanId: null, sender: null, scope: 'test', attributes: [{ key: 'answer', value: 42 }] })
})

test('the search finds by service, operation, status and duration, page by page, each trace once', async () => {
  await using lab = await startTestCollector()
  const now = Date.now()
  const ns = (ms: number) => `${Math.round(ms)}000000`
  const traces = Array.from({ length: 25 }, (_, index) => {
    const root = freshSpan({ kind: 2, name: index % 2 ? 'odd' : 'even', startTimeUnixNano: ns(now - 60_000 + index * 100), endTimeUnixNano: ns(now - 60_000 + index * 100 + index * 10), status: { code: index === 7 ? 2 : 0 } })
    const second = freshSpan({ traceId: root.traceId, parentSpanId: root.spanId, kind: 2, name: 'inner', startTimeUnixNano: ns(now - 59_000 + index * 100), endTimeUnixNano: ns(now - 59_000 + index * 100 + 1) })
    return [root, second]
  })
  await send(lab, 'alpha', traces.flat())
  await send(lab, 'beta', [freshSpan({ name: 'lonely', parentSpanId: 'ab'.repeat(8), kind: 2 })])
  const search = async (extra: object) => (await readTraces(lab.db, 'local', { ...window(), ...extra })).items
  expect(await search({})).toHaveLength(26)
  expect(await search({ service: 'alpha' })).toHaveLength(25)
  expect(await search({ service: 'default/alpha', operation: 'odd' })).toHaveLength(12)
  expect((await search({ status: 'error' })).map((item) => item.traceId)).toEqual([traces[7]![0]!.traceId])
  expect(await search({ status: 'ok' })).toHaveLength(25)
  expect(await search({ operation: 'even', minDurationMs: 200 })).toHaveLength(3)
  expect(await search({ operation: 'odd', maxDurationMs: 35 })).toHaveLength(2)
  expect(await search({ service: 'nobody' })).toEqual([])
  const ids: string[] = []
  let after: { atUs: string; traceId: string } | undefined
  for (let page = 0; page < 10; page++) {
    const { items, next } = await readTraces(lab.db, 'local', { ...window(), service: 'alpha', limit: 4, after })
    ids.push(...items.map((item) => item.traceId))
    if (!next) break
    after = next
  }
  expect(ids).toEqual(traces.map(([root]) => root!.traceId).reverse())
})

test('a span keeps who sent it: a SPIFFE id, a token’s name, or nobody', async () => {
  await using lab = await startTestCollector()
  const hash = (token: string) => createHash('sha256').update(token).digest()
  await lab.db.pool.query(`insert into telemetry_token (hash, mesh, spiffe_id, proxy) values ($1, 'local', 'spiffe://mesh.local/ns/default/agent/alpha', 'alpha-1')`, [hash('of-a-proxy')])
  await lab.db.pool.query(`insert into api_token (id, name, prefix, hash, role, created_by) values ('1', 'ci', 'hdl', $1, 'viewer', 'me')`, [hash('of-a-person')])
  for (const [token, sender] of [['of-a-proxy', 'spiffe://mesh.local/ns/default/agent/alpha'], ['of-a-person', 'token ci'], [undefined, null]] as const) {
    const span = freshSpan()
    await send(lab, 'alpha', [span], token)
    expect((await readTrace(lab.db, 'local', span.traceId, 'all'))?.spans).toMatchObject([{ sender }])
  }
})

test('prompts are dropped on arrival, and kept apart for agents that asked', { timeout: 30_000 }, async () => {
  await using lab = await startTestCollector()
  await lab.db.pool.query(`insert into object (mesh, kind, namespace, name, revision, labels, spec) values ('local', 'Agent', 'default', 'open', 1, '{"heddle.dev/sample": "true"}', '{}')`)
  const secret = 'the secret of the prompt'
  const chat = () =>
    freshSpan({
      name: 'chat m',
      kind: 3,
      attributes: [
        ...attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'x', 'gen_ai.request.model': 'm', 'gen_ai.usage.input_tokens': 12, 'gen_ai.usage.output_tokens': 5 }),
        { key: 'gen_ai.input.messages', value: { stringValue: JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: secret }] }]) } },
        { key: 'after', value: { stringValue: 'kept' } },
      ],
      events: [{ timeUnixNano: '1', name: 'gen_ai.choice', attributes: attributesOf({ index: 0, message: `${secret} again` }) }],
    })
  const readBack = async (service: string) => {
    const span = chat()
    await send(lab, service, [span])
    return (await readTrace(lab.db, 'local', span.traceId, 'all'))!.spans[0]!
  }
  const closed = await readBack('closed')
  expect(JSON.stringify(closed)).not.toContain(secret)
  expect(closed.genAi).toMatchObject({ operation: 'chat', model: 'm', inputTokens: 12, outputTokens: 5, messages: [] })
  expect([closed.attributes.map(({ key }) => key), closed.events]).toMatchObject([['gen_ai.operation.name', 'gen_ai.system', 'gen_ai.request.model', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'after'], [{ name: 'gen_ai.choice', attributes: [{ key: 'index', value: 0 }] }]])
  const open = await eventually('the rule is read', 10_000, async () => {
    const span = await readBack('open')
    return span.genAi!.messages.length > 0 ? span : null
  })
  expect(open.genAi!.messages).toEqual([{ role: 'user', content: secret }, { role: 'assistant', content: `${secret} again` }])
  expect(open.events[0]!.attributes).toHaveLength(2)
  const { rows } = await lab.db.pool.query<{ count: string }>('select count(*) from telemetry.span_content')
  expect(Number(rows[0]!.count)).toBeGreaterThan(0)
  expect(lab.collector.totals.contentDropped).toBeGreaterThanOrEqual(2)
})
