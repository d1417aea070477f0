import { expect, test } from 'vitest'
import type { Session, SessionDetail } from '#server/contracts/sessions.ts'
import { testApi } from '#server/testing/api.ts'
import { startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'

const BEGAN = Date.now() - 120_000

async function send(lab: Lab, service: string, spans: TestSpan[]) {
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf(spans, { 'service.name': service }))).status).toBe(200)
}

/** A turn of a conversation: the agent's span, and under it a model call of another service that does not name the conversation. */
function turn(conversation: string, atMs: number, { model = 'big-1', failed = false, callFailed = false } = {}): { agent: TestSpan; call: TestSpan } {
  const time = { startTimeUnixNano: `${BEGAN + atMs}000000`, endTimeUnixNano: `${BEGAN + atMs + 1000}000000` }
  const agent = freshSpan({ ...time, kind: 2, name: 'turn', attributes: attributesOf({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.conversation.id': conversation, 'gen_ai.usage.input_tokens': 999 }), status: { code: failed ? 2 : 0 } })
  const call = freshSpan({
    ...time, traceId: agent.traceId, parentSpanId: agent.spanId, kind: 3, name: 'chat', status: { code: callFailed ? 2 : 0 },
    attributes: attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': model, 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 200 }),
  })
  return { agent, call }
}

test('a conversation is told over its traces: time, tokens, cost, and how it ended', async () => {
  await using lab = await startTestCollector()
  const { as } = await testApi(lab.db)
  const turns = [turn('c/1', 0, { callFailed: true }), turn('c/1', 10_000, { model: 'small-2' }), turn('c/2', 20_000, { failed: true })]
  await send(lab, 'desk', turns.map(({ agent }) => agent))
  await send(lab, 'thinker', turns.flatMap(({ call }) => [call, call])) // sent twice, counted once
  await send(lab, 'desk', [freshSpan()])

  const viewer = as('viewer')
  const list = async (query = '') => (await (await viewer.get(`/sessions${query}`)).json()) as { items: Session[]; metadata: { continue: string | null } }
  const [second, first] = (await list()).items
  expect(first).toEqual({
    conversation: 'c/1', startedAt: new Date(BEGAN).toISOString(), endedAt: new Date(BEGAN + 11_000).toISOString(), durationMs: 11_000, outcome: 'recovered', traces: 2, spans: 4, errors: 1,
    services: ['desk', 'thinker'], models: ['big-1', 'small-2'], modelCalls: 2, toolCalls: 0, tokens: { input: 2000, output: 400 }, cost: null, unpricedTokens: 2400,
  })
  expect(second).toMatchObject({ conversation: 'c/2', outcome: 'failed', traces: 1 })
  expect((await list('?service=nobody')).items).toEqual([])
  expect((await list('?service=default/desk')).items).toHaveLength(2)

  const prices = { currency: 'EUR', models: { 'big-*': { input: 10, output: 50 }, 'big-1': { input: 2, output: 5 }, 'b*': { input: 7, output: 7 } } }
  expect((await viewer.put('/prices', prices)).status).toBe(403)
  expect((await as('operator').put('/prices', prices)).status).toBe(200)
  expect(await (await viewer.get('/prices')).json()).toEqual(prices)
  const told = (await (await viewer.get(`/sessions/${encodeURIComponent('c/1')}`)).json()) as SessionDetail
  expect(told).toMatchObject({ cost: { amount: 0.003, currency: 'EUR' }, unpricedTokens: 1200, byModel: [{ model: 'big-1', calls: 1, errors: 1, cost: 0.003 }, { model: 'small-2', calls: 1, tokens: { input: 1000, output: 200 }, cost: null }] })
  expect(told.traceList.map((trace) => trace.traceId)).toEqual([turns[0]!.agent.traceId, turns[1]!.agent.traceId])
  expect((await viewer.get('/sessions/nobody')).status).toBe(404)
  for (const wrong of [{ currency: 'euro', models: {} }, { currency: 'EUR', models: { 'a*b': { input: 1, output: 1 } } }, { currency: 'EUR', models: { a: { input: -1, output: 1 } } }, { currency: 'EUR', models: { a: { input: 1 } } }, { currency: 'EUR', models: Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`m${at}`, { input: 1, output: 1 }])) }]) {
    expect((await as('operator').put('/prices', wrong)).status, JSON.stringify(wrong).slice(0, 80)).toBe(422)
  }
  expect(await (await viewer.get('/prices')).json()).toEqual(prices)
})

test('page by page each conversation comes once, by its newest span', async () => {
  await using lab = await startTestCollector()
  const { as } = await testApi(lab.db)
  await send(lab, 'desk', Array.from({ length: 40 }, (_, index) => turn(`c${index % 20}`, index * 1000).agent))
  const seen: string[] = []
  let next = ''
  for (let page = 0; page < 20; page++) {
    const { items, metadata } = (await (await as('viewer').get(`/sessions?limit=6${next}`)).json()) as { items: Session[]; metadata: { continue: string | null } }
    seen.push(...items.map((item) => item.conversation))
    if (!metadata.continue) break
    next = `&continue=${metadata.continue}`
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `c${19 - index}`))
})
