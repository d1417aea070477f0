import { expect, test } from 'vitest'
import { FLAG, KIND, PROTOCOL } from '../spans/row.ts'
import type { SpanClass } from '../spans/span-class.ts'
import type { CallSpan } from './call-span.ts'
import { callsOfTrace, type Call } from './trace-calls.ts'

const services = new Map<string, number>()

type Fields = Partial<Omit<CallSpan, 'class'> & Omit<SpanClass, 'id' | 'service'>>

function span(service: string, spanId: string, parentId: string | null, fields: Fields = {}): CallSpan {
  if (!services.has(service)) services.set(service, services.size + 1)
  const { kind = KIND.internal, status = 0, protocol = PROTOCOL.http, httpStatus = null, peer = null, operation = null, agent = null, model = null, tool = null, ...rest } = fields
  const ref = { id: services.get(service)!, mesh: 'local', node: `agent/default/${service}`, namespace: 'default', version: 'v1' } // set above
  return {
    spanId, parentId, class: { id: 1, service: ref, kind, status, protocol, httpStatus, peer, operation, agent, model, tool },
    timeUs: 1e6, durationUs: 1000, flags: 0, bytesSent: 0, bytesReceived: 0, inputTokens: 0, outputTokens: 0, ...rest,
  }
}
const server = (service: string, id: string, parent: string | null, fields: Fields = {}) => span(service, id, parent, { kind: KIND.server, ...fields })
const client = (service: string, id: string, parent: string | null, fields: Fields = {}) => span(service, id, parent, { kind: KIND.client, ...fields })
const proxy = (service: string, id: string, parent: string | null, kind: number) => span(service, id, parent, { kind, flags: FLAG.proxy })
const say = (call: Call) => `${call.source.replace('agent/default/', '')} → ${call.target.replace('agent/default/', '')} ${call.outcome}${call.retries ? ` retries ${call.retries}` : ''}${call.inputTokens ? ` ${call.inputTokens} tokens` : ''}`
const callsOf = (spans: CallSpan[]) => callsOfTrace(spans).filter(({ evidence }) => evidence === 'mesh' || evidence === 'spans').map(say).sort()

test.each([
  ['a client and its server', [server('a', '1', null), client('a', '2', '1'), server('b', '3', '2')], ['a → b ok']],
  ['a server right under a server', [server('a', '1', null), server('b', '3', '1')], ['a → b ok']],
  ['the caller has not come yet', [server('b', '3', '2')], []],
  ['tries of one client span are one call', [client('a', '2', null), server('b', '3', '2', { flags: FLAG.error }), server('b', '4', '2', { timeUs: 2e6 })], ['a → b ok retries 1']],
  ['a refused call is no error', [client('a', '2', null), server('b', '3', '2', { flags: FLAG.refused })], ['a → b refused']],
  ['work inside a service', [server('a', '1', null), span('a', '2', '1'), span('a', '3', '2')], []],
  [
    'Envoy on the way is no caller and no callee',
    [client('a', '1', null), proxy('a', '2', '1', KIND.server), proxy('a', '3', '2', KIND.client), proxy('b', '4', '3', KIND.server), proxy('b', '5', '4', KIND.client), server('b', '6', '5')],
    ['a → b ok'],
  ],
  ['a proxy above the first span is not the caller', [proxy('gate', '1', null, KIND.server), proxy('gate', '2', '1', KIND.client), server('a', '3', '2')], []],
  ['a call to a host that sends no spans', [server('a', '1', null), client('a', '2', '1', { peer: 'api.example.com', flags: FLAG.error })], ['a → external/api.example.com error']],
  ['a call to a mesh name that sends no spans', [client('a', '2', null, { peer: 'b.default.mesh' })], ['a → b ok']],
  ['a call to the sidecar says nothing', [client('a', '2', null, { peer: '127.0.0.1' })], []],
  [
    'a model call over HTTP to an agent of the mesh is that call alone',
    [server('a', '1', null), span('a', '2', '1', { operation: 'chat', model: 'm' }), client('a', '3', '2', { peer: 'llm.default.mesh' }), server('llm', '4', '3')],
    ['a → llm ok'],
  ],
  ['a model outside, with its HTTP span', [client('a', '2', null, { operation: 'chat', model: 'gpt' }), client('a', '3', '2', { peer: 'api.openai.com' })], ['a → model/default/gpt ok']],
  ['a framework and a client library tell of one model call', [span('a', '1', null, { operation: 'chat', model: 'm' }), client('a', '2', '1', { operation: 'chat', model: 'm' })], ['a → model/default/m ok']],
  ['the outermost agent is the service; one inside is its own', [
    span('a', '1', null, { operation: 'invoke_agent', agent: 'Planner' }), span('a', '2', '1', { operation: 'invoke_agent', agent: 'Critic' }), span('a', '3', '2', { operation: 'execute_tool', tool: 'search' }),
  ], ['Critic → tool/default/search ok', 'a → Critic ok']],
  ['a tool that is reached over MCP is that call', [span('a', '1', null, { operation: 'execute_tool', tool: 'search' }), client('a', '2', '1', { protocol: PROTOCOL.mcp }), server('tools', '3', '2', { protocol: PROTOCOL.mcp })], ['a → tools ok']],
  ['tokens of a model call are on the edge it went over', [client('a', '2', null, { operation: 'chat', model: 'm', inputTokens: 7 }), server('llm', '4', '2')], ['a → llm ok 7 tokens']],
  [
    'and once, when the HTTP client under it tried twice',
    [client('a', '2', null, { operation: 'chat', model: 'm', inputTokens: 7 }), client('a', '3', '2', { peer: 'llm.default.mesh' }), client('a', '4', '2', { peer: 'llm.default.mesh', timeUs: 2e6 }), server('llm', '5', '3', { flags: FLAG.error }), server('llm', '6', '4', { timeUs: 2e6 })],
    ['a → llm error 7 tokens', 'a → llm ok'],
  ],
  ['a model call that never reached the agent of the mesh is an error on that edge', [client('a', '2', null, { operation: 'chat', model: 'm', peer: 'llm.default.mesh', flags: FLAG.error })], ['a → llm error']],
  ['an HTTP span under a model or tool call names the agent of the mesh', [
    span('a', '1', null, { operation: 'chat', model: 'm', inputTokens: 3 }), client('a', '2', '1', { peer: 'llm.default.mesh' }),
    span('a', '3', null, { operation: 'execute_tool', tool: 'search' }), client('a', '4', '3', { peer: 'tools.default.mesh' }),
  ], ['a → llm ok 3 tokens', 'a → tools ok']],
  [
    'a callee without spans of its own is known by its proxy',
    [client('a', '1', null, { peer: 'localhost', operation: 'chat', model: 'm', inputTokens: 3 }), proxy('a', '2', '1', KIND.server), proxy('a', '3', '2', KIND.client), proxy('llm', '4', '3', KIND.server)],
    ['a → llm ok 3 tokens'],
  ],
  [
    'an agent inside the service, whose model is an agent of the mesh, keeps its own edge',
    [span('a', '1', null, { operation: 'invoke_agent', agent: 'Planner' }), span('a', '2', '1', { operation: 'invoke_agent', agent: 'Critic' }), client('a', '3', '2', { operation: 'chat', model: 'm' }), server('llm', '4', '3')],
    ['a → Critic ok', 'a → llm ok'],
  ],
  ['a loop of parents ends', [server('a', '1', '2'), client('a', '2', '1')], ['a → a ok']],
])('%s', (_name, spans, calls) => {
  expect(callsOf(spans)).toEqual(calls)
  expect(callsOf([...spans].reverse())).toEqual(calls)
})

test('the caller’s word counts at once, and the callee’s span takes its place', () => {
  const alone = client('a', '2', null, { peer: 'b.example' })
  expect(callsOf([alone])).toEqual(['a → external/b.example ok'])
  expect(callsOf([alone, server('b', '3', '2')])).toEqual(['a → b ok'])
})

test('a tunnel is the mesh’s own evidence, with bytes', () => {
  const tunnel = span('a', '1', null, { kind: KIND.server, flags: FLAG.proxy, protocol: PROTOCOL.tunnel, peer: 'api.example.com', bytesSent: 5, bytesReceived: 10 })
  expect(callsOfTrace([tunnel])).toMatchObject([{ target: 'external/api.example.com', evidence: 'mesh', protocol: 'https', bytesSent: 5, bytesReceived: 10 }])
})
