import { expect, test } from 'vitest'
import { FLAG, KIND, PROTOCOL } from '../spans/row.ts'
import { describeSpan, noMeaning, type Slots } from '../spans/meaning.ts'
import { SLOT, SLOTS } from '../attributes.ts'
import type { SpanClass } from '../spans/span-class.ts'
import type { CallSpan } from './call-span.ts'
import { callsOfTrace } from './trace-calls.ts'

const services = new Map<string, number>()
const done = { flags: FLAG.taskDone }
const failed = { flags: FLAG.taskFailed }

function span(service: string, spanId: string, parentId: string | null, kind: number, fields: Partial<Omit<CallSpan, 'class'> & Pick<SpanClass, 'peer' | 'operation' | 'model' | 'agent'>> = {}): CallSpan {
  if (!services.has(service)) services.set(service, services.size + 1)
  const { peer = null, operation = null, model = null, agent = null, ...rest } = fields
  const ref = { id: services.get(service)!, mesh: 'local', node: `agent/default/${service}`, namespace: 'default', version: 'v1' } // set above
  return { spanId, parentId, class: { id: 1, service: ref, kind, status: 0, protocol: PROTOCOL.a2a, httpStatus: null, peer, operation, agent, model, tool: null }, timeUs: 1e6, durationUs: 1000, flags: 0, bytesSent: 0, bytesReceived: 0, inputTokens: 0, outputTokens: 0, ...rest }
}
const server = (service: string, id: string, parent: string | null, fields = {}) => span(service, id, parent, KIND.server, fields)
const client = (service: string, id: string, parent: string | null, fields = {}) => span(service, id, parent, KIND.client, fields)
const work = (service: string, id: string, parent: string | null, fields = {}) => span(service, id, parent, KIND.internal, fields)
const chat = (model: string, inputTokens: number) => ({ operation: 'chat', model, inputTokens })

const name = (node: string) => node.replace('agent/default/', '') || 'nobody'
const outcomesOf = (spans: CallSpan[]) =>
  callsOfTrace(spans)
    .filter(({ evidence }) => evidence === 'models' || evidence === 'tasks')
    .map((call) => (call.evidence === 'tasks' ? `${name(call.source)} → ${name(call.target)} ${call.outcome}` : `${name(call.source)} → ${name(call.target)} ${call.protocol} ${call.inputTokens}`))
    .sort()

test.each([
  ['the span that answers says it', [client('a', '1', null), server('b', '2', '1', done)], ['a → b ok']],
  ['work under it says it, three deep', [client('a', '1', null), server('b', '2', '1'), work('b', '3', '2'), work('b', '4', '3', failed)], ['a → b error']],
  ['of several words the last counts, once', [client('a', '1', null), server('b', '2', '1', { ...done, durationUs: 5000 }), work('b', '3', '2', { ...failed, durationUs: 9000 })], ['a → b error']],
  ['nobody is seen to call', [server('b', '2', null, done)], ['nobody → b ok']],
  ['an agent that begins by itself', [work('b', '2', null, done)], ['nobody → b ok']],
  ['both say it: the agent is believed', [client('a', '1', null, failed), server('b', '2', '1', done)], ['a → b ok']],
  ['the caller alone says it, above its HTTP span', [client('a', '1', null, failed), client('a', '3', '1'), server('b', '2', '3')], ['a → b error']],
  ['the caller alone, of an agent that sends no spans', [client('a', '1', null, done), client('a', '3', '1', { peer: 'b.default.mesh' })], ['a → b ok']],
  ['the caller of somebody outside', [client('a', '1', null, { ...done, peer: 'api.example.com' })], []],
  ['a task within a task is one each', [client('a', '1', null), server('b', '2', '1', done), client('b', '3', '2'), server('c', '4', '3', failed)], ['a → b ok', 'b → c error']],
  ['a proxy is not asked', [span('b', '2', null, KIND.server, { flags: FLAG.proxy | FLAG.taskDone })], []],
  ['a loop of parents ends', [work('a', '1', '2', done), work('a', '2', '1')], ['nobody → a ok']],
])('how a task ended: %s', (_, spans, expected) => {
  expect(outcomesOf(spans)).toEqual(expected)
  expect(outcomesOf([...spans].reverse())).toEqual(expected)
})

test.each([
  ['for whom the agent works', [client('a', '1', null), server('b', '2', '1'), client('b', '3', '2', chat('m', 7))], ['a → b m 7']],
  ['for nobody that is seen', [client('b', '3', null, chat('m', 7))], ['nobody → b m 7']],
  ['where the model is an agent of the mesh too', [server('b', '2', null), client('b', '3', '2', chat('m', 7)), server('llm', '4', '3')], ['nobody → b m 7']],
  ['the inner of two that tell of one call', [work('b', '2', null, chat('m', 7)), client('b', '3', '2', chat('m-2026', 7))], ['nobody → b m-2026 7']],
  ['the outer when the inner says no tokens', [work('b', '2', null, chat('m', 7)), client('b', '3', '2', chat('m', 0))], ['nobody → b m 7']],
  ['two calls under one agent’s work', [work('b', '1', null, { operation: 'invoke_agent', agent: 'B' }), client('b', '2', '1', chat('m', 7)), client('b', '3', '1', chat('n', 5))], ['nobody → b m 7', 'nobody → b n 5']],
])('tokens by model: %s', (_, spans, expected) => {
  expect(outcomesOf(spans)).toEqual(expected)
  expect(outcomesOf([...spans].reverse())).toEqual(expected)
})

test.each([
  ['TASK_STATE_COMPLETED', 'SendMessage', FLAG.taskDone],
  ['completed', 'message/send', FLAG.taskDone],
  ['completed', null, FLAG.taskDone],
  ['TASK_STATE_REJECTED', 'SendStreamingMessage', FLAG.taskFailed],
  ['failed', null, FLAG.taskFailed],
  ['completed', 'GetTask', 0],
  ['failed', 'tasks/resubscribe', 0],
  ['TASK_STATE_CANCELED', null, 0],
  ['working', null, 0],
  ['input-required', null, 0],
  [3, null, 0],
  [true, null, 0],
] as const)('state %s of %s', (state, method, flag) => {
  const slots: Slots = new Array<null>(SLOTS).fill(null)
  slots[SLOT.taskState] = state
  slots[SLOT.a2aMethod] = method
  const said = noMeaning()
  describeSpan(said, slots, false)
  expect(said.flags & (FLAG.taskDone | FLAG.taskFailed)).toBe(flag)
})
