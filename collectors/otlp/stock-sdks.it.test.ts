// Agents with an SDK as it comes, told nothing but where to send.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readTrace } from '#server/queries/trace.ts'
import { readTraces } from '#server/queries/traces.ts'
import { startTestCollector } from '#server/testing/collector.ts'
import { postOtlp } from '#server/testing/spans.ts'

const at = (name: string) => fileURLToPath(new URL(`../testdata/${name}`, import.meta.url))

test.each(['grpc', 'http/protobuf', 'http/json'].flatMap((protocol) => ['none', 'gzip'].map((compression) => [protocol, compression] as const)))('the JavaScript SDK over %s, compression %s: its span can be found as soon as it was taken', async (protocol, compression) => {
  await using lab = await startTestCollector()
  const { stdout: traceId } = await promisify(execFile)(process.execPath, [at('js-agent.mjs')], {
    env: {
      ...process.env,
      OTEL_SERVICE_NAME: 'js-agent',
      OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=travel,service.version=3',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? `http://${lab.grpc}` : lab.http,
    },
  })
  const { items } = await readTraces(lab.db, 'local', { service: 'travel/js-agent', from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000), limit: 10 }) // asked once: what is acknowledged is there
  expect(items.map((item) => item.traceId)).toEqual([traceId])
  const [span] = (await readTrace(lab.db, 'local', traceId, 'all'))?.spans ?? []
  expect(span).toMatchObject({ name: 'chat small-1', kind: 'client', status: 'ok', scope: 'js-agent', sender: null, genAi: { operation: 'chat', model: 'small-1', inputTokens: 41, outputTokens: 17 }, events: [{ name: 'first token', attributes: [{ key: 'after.ms', value: 12 }] }] })
  expect(span?.attributes).toEqual(expect.arrayContaining([
    { key: 'tags', value: ['a', 'b'] },
    { key: 'share', value: 0.1 },
    { key: 'sure', value: true },
  ]))
  expect(lab.errors).toEqual([])
})

test('a Python agent with OpenTelemetry and OpenInference is understood: agent, model, tool, session, tokens and what went wrong', async () => {
  await using lab = await startTestCollector()
  expect((await postOtlp(`${lab.http}/v1/traces`, readFileSync(at('python-agent.pb')))).status).toBe(200)
  const spans = (await readTrace(lab.db, 'local', '4ca45bc5d083dc5cb23785ba97b13f1a', 'all'))?.spans ?? []
  expect(spans.map(({ name, service, status, genAi }) => ({ name, service, status, operation: genAi?.operation, conversation: genAi?.conversation }))).toEqual([
    { name: 'plan', service: 'py-planner', status: 'ok', operation: 'invoke_agent', conversation: 'trip-17' },
    { name: 'ask the model', service: 'py-planner', status: 'ok', operation: 'chat', conversation: 'trip-17' },
    { name: 'look up trains', service: 'py-planner', status: 'error', operation: 'execute_tool', conversation: 'trip-17' },
  ])
  expect(spans[1]?.genAi).toMatchObject({ model: 'small-1', inputTokens: 41, outputTokens: 17 })
  expect(spans[2]).toMatchObject({ genAi: { tool: 'timetable' }, statusMessage: 'TimeoutError: the timetable did not answer', events: [{ name: 'exception' }] })
})
