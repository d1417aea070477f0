import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HEDDLE_API, SAMPLE_LABEL } from '#server/contracts/meta.ts'
import { testApi } from '#server/testing/api.ts'
import { startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'

const SAID = 'what the person said'
const LOGGED = 'what the model answered'

/** A call to a model with its messages, and a log line that has one. */
async function conversation(lab: Lab, service: string): Promise<TestSpan> {
  const span = freshSpan({ attributes: attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: SAID }]) }) })
  const record = { timeUnixNano: span.startTimeUnixNano, traceId: span.traceId, spanId: span.spanId, eventName: 'gen_ai.choice', body: { kvlistValue: { values: [{ key: 'content', value: { stringValue: LOGGED } }] } } }
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf([span], { 'service.name': service }))).status).toBe(200)
  expect((await postOtlp(`${lab.http}/v1/logs`, JSON.stringify({ resourceLogs: [{ resource: { attributes: attributesOf({ 'service.name': service }) }, scopeLogs: [{ logRecords: [record] }] }] }))).status).toBe(200)
  return span
}

test('recorded messages are shown to operators who say why, with a line in the audit, and to nobody else by any answer', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const api = await testApi(lab.db)
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ('local', 'content', '{"agents": ["default/writer", "default/sample"]}')`)
  expect((await api.as('operator').put('/namespaces/default/agents/sample', { apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name: 'sample', labels: { [SAMPLE_LABEL]: 'true' } }, spec: {} })).ok).toBe(true)
  await sleep(4500) // the setting is read every two seconds
  const [{ traceId, spanId }, sample] = [await conversation(lab, 'writer'), await conversation(lab, 'sample')]
  const wordsIn = (text: string) => [SAID, LOGGED].filter((words) => text.includes(words))

  for (const path of [`/traces/${traceId}`, `/traces/${traceId}?format=otlp`, `/traces/${traceId}?format=columns`, `/traces/${traceId}?format=fitting`, `/traces/${traceId}/spans/${spanId}`, '/traces?window=1h', '/traces/attributes?window=1h']) {
    const answer = await api.as('admin').get(path)
    expect([answer.status, wordsIn(await answer.text())], path).toEqual([200, []])
  }
  expect((await (await api.as('viewer').get(`/traces/${traceId}`)).json()).spans[0]).toMatchObject({ messagesHidden: true, genAi: { model: 'm', messages: [] } })
  expect(wordsIn(await (await api.as('viewer').get(`/traces/${sample.traceId}`)).text()), 'the sample’s, which are made up').toEqual([SAID, LOGGED])

  const refusals: [role: 'viewer' | 'operator', trace: string, body: unknown, status: number][] = [
    ['viewer', traceId, { reason: 'I am curious' }, 403], ['operator', traceId, {}, 422], ['operator', traceId, { reason: '  a ' }, 422], ['operator', traceId, { reason: 'x'.repeat(501) }, 422],
    ['operator', traceId, { reason: 'a complaint', all: true }, 422], ['operator', 'f'.repeat(32), { reason: 'a complaint' }, 404], ['operator', 'none', { reason: 'a complaint' }, 404],
  ]
  for (const [role, trace, body, status] of refusals) {
    const answer = await api.as(role).post(`/traces/${trace}/reveal`, body)
    expect([answer.status, wordsIn(await answer.text())], JSON.stringify(body)).toEqual([status, []])
  }
  const lines = async () => (await lab.db.pool.query(`select actor, target, detail from audit where action = 'messages.reveal' and result = 'ok'`)).rows
  expect(await lines()).toEqual([])
  const answer = await api.as('operator').post(`/traces/${traceId}/reveal`, { reason: ' the customer complains ' })
  const shown = await answer.json()
  expect(shown.spans[0].genAi.messages).toEqual([{ role: 'user', content: SAID }, { role: 'assistant', content: LOGGED }])
  expect(shown.spans[0].messagesHidden).toBeUndefined()
  expect(await lines()).toEqual([{ actor: 'token test operator', target: `trace ${traceId}`, detail: { reason: 'the customer complains' } }])
})
