import { randomBytes } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { jsonToProtobuf } from '#collectors/json.ts'
import { LOGS } from '#server/otlp/messages.ts'
import { readTrace } from '#server/queries/trace.ts'
import { startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'

const hex = (bytes: number) => randomBytes(bytes).toString('hex')

function logsOf(records: readonly Record<string, unknown>[], service = 'alpha'): string {
  return JSON.stringify({ resourceLogs: [{ resource: { attributes: attributesOf({ 'service.name': service }) }, scopeLogs: [{ scope: { name: 'test' }, logRecords: records }] }] })
}

const record = (span: Pick<TestSpan, 'traceId' | 'spanId'>, fields: Record<string, unknown> = {}) => ({ timeUnixNano: `${Date.now()}000000`, severityNumber: 9, severityText: 'INFO', traceId: span.traceId, spanId: span.spanId, body: { stringValue: 'looked it up' }, ...fields })

async function withSpan(lab: Lab, service = 'alpha'): Promise<TestSpan> {
  const span = freshSpan({ attributes: attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' }) })
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf([span], { 'service.name': service }))).status).toBe(200)
  return span
}

const eventsOf = async (lab: Lab, span: TestSpan) => (await readTrace(lab.db, 'local', span.traceId, 'all'))!.spans[0]!.events // sent by the test

test('log records are events of their span, over every way in, and one that came twice is there once', async () => {
  await using lab = await startTestCollector()
  const span = await withSpan(lab)
  const body = logsOf([record(span, { attributes: attributesOf({ 'http.target': '/x' }) })])
  const packed = jsonToProtobuf(Buffer.from(body), LOGS)
  expect((await postOtlp(`${lab.http}/v1/logs`, body)).status).toBe(200)
  expect((await postOtlp(`${lab.http}/v1/logs`, zstdCompressSync(packed), { 'content-encoding': 'zstd' })).status).toBe(200)
  const client = new Client(lab.grpc, credentials.createInsecure())
  const code = await new Promise((resolve) => client.makeUnaryRequest('/opentelemetry.proto.collector.logs.v1.LogsService/Export', (bytes: Buffer) => bytes, (bytes: Buffer) => bytes, Buffer.from(packed), (error: ServiceError | null) => resolve(error?.code ?? 0)))
  client.close()
  expect(code).toBe(0)
  expect(await eventsOf(lab, span)).toMatchObject([{ name: 'log', attributes: [{ key: 'severity', value: 'INFO' }, { key: 'body', value: 'looked it up' }, { key: 'http.target', value: '/x' }] }])
})

test('what was said in GenAI events is dropped on arrival, and kept for agents that asked', async () => {
  await using lab = await startTestCollector()
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ('local', 'content', '{"agents": ["default/writer"]}')`)
  await new Promise((resolve) => setTimeout(resolve, 2500)) // the rule is read every two seconds
  for (const service of ['alpha', 'writer']) {
    const span = await withSpan(lab, service)
    const records = [
      record(span, { eventName: 'gen_ai.user.message', body: { kvlistValue: { values: [{ key: 'content', value: { stringValue: 'secret question' } }] } } }),
      record(span, { body: { stringValue: 'secret answer' }, attributes: attributesOf({ 'event.name': 'gen_ai.choice', 'gen_ai.output.messages': 'secret list' }) }),
      record(span, { eventName: 'gen_ai.client.inference.operation.details', body: undefined, attributes: attributesOf({ 'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"secret part"}]}]' }) }),
    ]
    expect((await postOtlp(`${lab.http}/v1/logs`, logsOf(records, service))).status).toBe(200)
    const shown = (await readTrace(lab.db, 'local', span.traceId, 'all'))!.spans[0]! // sent above
    expect(shown.events.map((event) => event.name).sort()).toEqual(['gen_ai.choice', 'gen_ai.client.inference.operation.details', 'gen_ai.user.message'])
    expect(JSON.stringify(shown).match(/secret \w+/g) ?? []).toEqual(service === 'alpha' ? [] : expect.arrayContaining(['secret question', 'secret answer', 'secret part']))
    if (service === 'writer') expect(shown.genAi?.messages).toEqual(expect.arrayContaining([{ role: 'user', content: 'secret question' }, { role: 'user', content: 'secret part' }]))
  }
  const { rows } = await lab.db.pool.query<{ bytes: Buffer; content: Buffer | null; name: string }>('select bytes, content, service.name from telemetry.log join telemetry.service on service.id = service_id')
  expect(rows.filter((row) => row.bytes.includes('secret') || (row.name === 'alpha' && row.content !== null))).toEqual([])
  expect(lab.collector.totals.contentDropped).toBe(4)
})

test('records that cannot be kept are counted back, and nonsense is refused', async () => {
  await using lab = await startTestCollector()
  const span = await withSpan(lab)
  const records = [record(span), record({ traceId: '', spanId: '' }), record({ traceId: '0'.repeat(32), spanId: '' }), record({ traceId: 'abcd', spanId: '' }), record({ traceId: span.traceId, spanId: 'ab' }), record({ traceId: hex(16), spanId: '' }, { timeUnixNano: '18446744073709551615' })]
  const answer = await postOtlp(`${lab.http}/v1/logs`, logsOf(records))
  expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '4', errorMessage: expect.stringContaining('2 refused: Heddle keeps the log records of traces alone') } })
  expect((await lab.db.pool.query('select from telemetry.log')).rowCount).toBe(2)
  const good = Buffer.from(jsonToProtobuf(Buffer.from(logsOf([record(span)])), LOGS))
  const deep = (depth: number): Record<string, unknown> => (depth === 0 ? { stringValue: 'x' } : { arrayValue: { values: [deep(depth - 1)] } })
  for (const [name, body, headers, code] of [
    ['cut short', good.subarray(0, good.length - 3), {}, 400],
    ['random bytes', Buffer.from('ff00ff00ff', 'hex'), {}, 400],
    ['zstd that is none', good, { 'content-encoding': 'zstd' }, 400],
    ['a value nested too deep', logsOf([record(span, { body: deep(35) })]), {}, 400],
    ['a wrong type', logsOf([record(span, { severityNumber: 'INFO' })]), {}, 400],
    ['gzip named but not used', good, { 'content-encoding': 'gzip' }, 400],
  ] as const) expect((await postOtlp(`${lab.http}/v1/logs`, typeof body === 'string' ? body : Buffer.from(body), headers)).status, name).toBe(code)
})
