import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { Redaction } from '#server/contracts/redaction.ts'
import { openBlock } from '#server/otlp/block.ts'
import { LOGS } from '#server/otlp/messages.ts'
import { readTrace, readTraceOtlp } from '#server/queries/trace.ts'
import { SECRETS } from '#server/redact/testdata/corpus.ts'
import { protobufOf, startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'
import { jsonToProtobuf } from './json.ts'

const ALL = Redaction.parse({ builtIn: { emails: true, cards: true, ibans: true }, custom: [{ name: 'staff', pattern: 'EMP-\\d{6}' }, { name: 'number', pattern: '\\b\\d{3}-\\d{2}-\\d{4}\\b' }] })
const OWN = [['staff', 'EMP-123456', 'staff'], ['number', '123-45-6789', 'number']] as const

async function setRules(lab: Lab, rules: Redaction): Promise<void> {
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ('local', 'redaction', $1) on conflict (mesh, key) do update set value = $1`, [JSON.stringify(rules)])
  await new Promise((resolve) => setTimeout(resolve, 4500)) // read every two seconds
}

/** A span that says the text wherever a span can say anything. */
function spanSaying(text: string): TestSpan {
  const attributes = attributesOf({ 'http.request.method': text, 'server.address': text, 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': text, 'gen_ai.tool.name': text, 'gen_ai.conversation.id': text, 'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: text }]), note: `it said: ${text}`, [`key ${text}`]: 1 })
  return freshSpan({ name: `call ${text}`, kind: 3, attributes, traceState: text, status: { code: 2, message: text }, events: [{ timeUnixNano: '1', name: 'exception', attributes: attributesOf({ 'exception.message': text }) }], links: [{ traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1', attributes: attributesOf({ why: text }) }] })
}

const recordSaying = (span: TestSpan, text: string) => ({ timeUnixNano: span.startTimeUnixNano, traceId: span.traceId, spanId: span.spanId, severityText: text, eventName: 'gen_ai.user.message', body: { kvlistValue: { values: [{ key: 'content', value: { stringValue: text } }] } }, attributes: attributesOf({ note: text }) })
const logsOf = (records: readonly unknown[]) => JSON.stringify({ resourceLogs: [{ resource: { attributes: attributesOf({ 'service.name': 'writer' }) }, scopeLogs: [{ scope: { name: 'test' }, logRecords: records }] }] })

async function send(lab: Lab, text: string, way: number): Promise<TestSpan> {
  const span = spanSaying(text)
  const body = requestOf([span], { 'service.name': 'writer', 'service.version': `1 ${text}`, 'host.name': text })
  const logs = logsOf([recordSaying(span, text)])
  if (way % 3 === 0) {
    expect((await postOtlp(`${lab.http}/v1/traces`, body)).status).toBe(200)
    expect((await postOtlp(`${lab.http}/v1/logs`, logs)).status).toBe(200)
  } else if (way % 3 === 1) {
    expect((await postOtlp(`${lab.http}/v1/traces`, protobufOf(body))).status).toBe(200)
    expect((await postOtlp(`${lab.http}/v1/logs`, Buffer.from(jsonToProtobuf(Buffer.from(logs), LOGS)))).status).toBe(200)
  } else {
    expect(await sendGrpc(lab, 'trace.v1.TraceService', protobufOf(body))).toBe(0)
    expect(await sendGrpc(lab, 'logs.v1.LogsService', Buffer.from(jsonToProtobuf(Buffer.from(logs), LOGS)))).toBe(0)
  }
  return span
}

function sendGrpc(lab: Lab, service: string, body: Buffer): Promise<number> {
  const client = new Client(lab.grpc, credentials.createInsecure())
  const same = (bytes: Buffer) => bytes
  return new Promise<number>((resolve) => client.makeUnaryRequest(`/opentelemetry.proto.collector.${service}/Export`, same, same, body, (error: ServiceError | null) => resolve(error?.code ?? 0))).finally(() => client.close())
}

/** All that the store holds, but the rules themselves: each text, and each run of bytes, unpacked where it is packed. */
async function everythingStored(lab: Lab): Promise<Buffer> {
  const { rows: columns } = await lab.db.pool.query<{ schema: string; table: string; column: string; type: string }>(
    `select table_schema as schema, table_name as table, column_name as column, data_type as type from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema in ('public', 'telemetry') and table_type = 'BASE TABLE' and data_type in ('text', 'bytea', 'jsonb', 'json', 'ARRAY', 'character varying')`,
  )
  const found: Buffer[] = []
  for (const { schema, table, column, type } of columns) {
    if (table === 'setting') continue
    const cell = type === 'bytea' ? `"${column}"` : `convert_to("${column}"::text, 'utf8')`
    const { rows } = await lab.db.pool.query<{ cell: Buffer }>(`select ${cell} as cell from "${schema}"."${table}" where "${column}" is not null`)
    for (const { cell: bytes } of rows) found.push(table.startsWith('span_block') && column === 'bytes' ? openBlock(bytes) : bytes)
  }
  return Buffer.concat(found.flatMap((bytes) => [bytes, Buffer.from('\n')]))
}

test('of the corpus, by every way in and in every field, nothing is in any table, answer or log line', { timeout: 120_000 }, async () => {
  await using lab = await startTestCollector()
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ('local', 'content', '{"agents": ["default/writer"]}')`) // its messages are kept
  await setRules(lab, ALL)
  const spans: TestSpan[] = []
  for (const [index, [, secret, , around = secret]] of [...SECRETS, ...OWN].entries()) spans.push(await send(lab, around, index))
  const bad = await postOtlp(`${lab.http}/v1/traces`, '{"resourceSpans": [{"resource": {"attributes": "password=hunter2"}}]}')
  const answers = [await bad.text(), ...lab.errors]
  for (const { traceId } of spans) answers.push(JSON.stringify([await readTrace(lab.db, 'local', traceId, 'all'), await readTraceOtlp(lab.db, 'local', traceId, 'all')]))
  const stored = await everythingStored(lab)
  expect(stored.includes('it said: [redacted: '), 'the marks are found where the secrets would be').toBe(true)
  const kept = [...SECRETS, ...OWN].filter(([, secret]) => stored.includes(secret)).map(([name]) => name)
  const told = [...SECRETS, ...OWN].filter(([, secret]) => answers.some((answer) => answer.includes(secret) || answer.includes(JSON.stringify(secret).slice(1, -1)))).map(([name]) => name)
  expect({ kept, told }).toEqual({ kept: [], told: [] })
  for (const [, , mark] of [...SECRETS, ...OWN]) expect(lab.collector.totals.redacted.get(mark), mark).toBeGreaterThanOrEqual(10)
})

test('personal data is kept until somebody says otherwise, and then from the next two seconds on', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const text = 'anna@example.org paid with 4111 1111 1111 1111, sk-ant-api03-aB3dE5fG7hJ9kL1mN2pQ'
  await send(lab, text, 0)
  const before = await everythingStored(lab)
  expect([before.includes('anna@example.org'), before.includes('4111 1111 1111 1111'), before.includes('sk-ant-api03-aB3')]).toEqual([true, true, false])
  await setRules(lab, ALL)
  const span = await send(lab, text, 1)
  const shown = JSON.stringify(await readTrace(lab.db, 'local', span.traceId, 'all'))
  expect(shown).toContain('[redacted: email] paid with [redacted: card number], [redacted: api key]')
  expect(shown).not.toContain('anna@')
})

test('rules that cannot be read leave the last ones in force, and the operator hears of it', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ('local', 'redaction', '{"custom": "nonsense"}')`)
  await new Promise((resolve) => setTimeout(resolve, 4500)) // as above
  const span = await send(lab, 'password=hunter2', 0)
  expect(JSON.stringify(await readTrace(lab.db, 'local', span.traceId, 'all'))).not.toContain('hunter2')
  expect(lab.errors.join()).toContain('reading the rules of redaction')
})
