import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { startTestCollector } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf } from '#server/testing/spans.ts'
import { readGraph } from './graph.ts'

test('the documented views say what the pages say, to a role that may read nothing else', async () => {
  await using lab = await startTestCollector()
  const caller = freshSpan({ kind: 3, name: 'ask', attributes: attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'gen_ai.usage.input_tokens': 7, 'gen_ai.conversation.id': 'talk', 'server.address': 'api.example.com', 'http.response.status_code': 503 }) })
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf([caller], { 'service.name': 'writer', 'service.version': 'v2' }))).status).toBe(200)
  const client = await lab.db.pool.connect()
  const role = `reports_${randomBytes(6).toString('hex')}`
  try {
    await client.query(`create role ${role}; grant usage on schema telemetry to ${role}; grant select on telemetry.spans, telemetry.edges, telemetry.traces, telemetry.sessions, telemetry.session_models, telemetry.tasks, telemetry.model_use to ${role}; set role ${role}`)
    const { rows: spans } = await client.query('select distinct trace_id::text, span_id, parent_id, service, version, name, kind, failed, http_status, peer, gen_ai_model, input_tokens, duration_ms::float8 from telemetry.spans')
    expect(spans).toEqual([{
      trace_id: caller.traceId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), span_id: caller.spanId, parent_id: null, service: 'writer', version: 'v2', name: 'ask', kind: 'client', failed: true,
      http_status: 503, peer: 'api.example.com', gen_ai_model: 'm', input_tokens: 7, duration_ms: 5,
    }])
    const { rows: edges } = await client.query(`select source, target, requests::int, errors::int, input_tokens::int from telemetry.edges where seconds = 60 and evidence = 'spans' and time > now() - interval '1 hour'`)
    expect(edges).toEqual([{ source: 'agent/default/writer', target: 'model/default/m', requests: 1, errors: 1, input_tokens: 7 }])
    const { rows: traces } = await client.query(`select spans::int, failed::int, root_service, root_name, services, conversation, model_calls::int, input_tokens::int, duration_ms from telemetry.traces where time > now() - interval '1 hour'`)
    expect(traces).toEqual([{ spans: 1, failed: 1, root_service: 'writer', root_name: 'ask', services: ['writer'], conversation: 'talk', model_calls: 1, input_tokens: 7, duration_ms: 5 }])
    expect((await client.query('select conversation, outcome, traces::int, models, cost, unpriced_tokens::int from telemetry.sessions')).rows).toEqual([{ conversation: 'talk', outcome: 'failed', traces: 1, models: ['m'], cost: null, unpriced_tokens: 7 }])
    expect((await client.query('select model, calls::int, failed::int from telemetry.session_models')).rows).toEqual([{ model: 'm', calls: 1, failed: 1 }])
    const graph = await readGraph(lab.db, 'local', { from: new Date(Date.now() - 600_000), to: new Date(Date.now() + 1000), by: 'agent' })
    expect(graph.edges).toMatchObject([{ target: 'model/default/m', requests: 1, errors: 1 }])
    for (const table of ['telemetry.span', 'telemetry.span_content', 'telemetry.log', 'public.object']) await expect(client.query(`select from ${table}`), table).rejects.toThrow('permission denied')
  } finally {
    await client.query(`reset role; drop owned by ${role}; drop role ${role}`)
    client.release()
  }
})
