import { expect, test } from 'vitest'
import { readTask, TEXT_MAX } from './task-text.ts'

const json = 'application/json'
const part = { text: 'translate this' }
const good: [string, unknown, object][] = [
  ['A2A 1.0', { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: { role: 'ROLE_USER', contextId: 'c1', parts: [part] } } }, { form: 'a2a', contextId: 'c1' }],
  ['A2A 1.0, streaming', { method: 'SendStreamingMessage', params: { message: { parts: [part] } } }, { form: 'a2a', contextId: null }],
  ['A2A 0.3', { method: 'message/send', params: { message: { role: 'user', kind: 'message', contextId: 'c2', parts: [{ kind: 'text', text: 'translate this' }] } } }, { form: 'a2a', contextId: 'c2' }],
  ['A2A 0.3, streaming', { method: 'message/stream', params: { message: { parts: [{ kind: 'text', text: 'translate this' }] } } }, { form: 'a2a' }],
  ['A2A data', { method: 'SendMessage', params: { message: { parts: [{ data: { a: 'translate', b: ['this'] } }] } } }, { form: 'a2a' }],
  ['A2A over REST', { message: { parts: [part], contextId: 'c3' } }, { form: 'a2a', contextId: 'c3' }],
  ['MCP', { method: 'tools/call', params: { name: 'translate', arguments: { what: 'this', times: 3 } } }, { form: 'mcp' }],
  ['a chat', { model: 'x', messages: [{ role: 'system', content: 'be good' }, { role: 'user', content: 'no' }, { role: 'assistant', content: 'yes' }, { role: 'user', content: [{ type: 'text', text: 'translate this' }] }] }, { form: 'chat' }],
  ['responses', { input: [{ role: 'user', content: 'translate this' }], conversation: 'c4' }, { form: 'chat', contextId: 'c4' }],
  ['plain JSON', { task: 'translate this', contextId: 'c5' }, { form: 'json', contextId: 'c5' }],
  ['any JSON', { a: { b: ['translate', { c: 'this' }] }, n: 1 }, { form: 'json' }],
]
test.each(good)('%s', (_, body, wanted) => {
  expect(readTask(Buffer.from(JSON.stringify(body)), json)).toMatchObject({ text: 'translate this', ...wanted })
})

test.each([
  ['no body', Buffer.alloc(0), json, 'no body'],
  ['binary', Buffer.from([0xff, 0xfe, 0]), json, 'cannot be read'],
  ['binary that says text', Buffer.from([0xff, 0xfe, 0]), 'text/plain', 'says nothing'],
  ['an image', Buffer.from('x'), 'image/png', 'is not read'],
  ['a gRPC stream of JSON', Buffer.from('{}'), 'application/grpc+json', 'is not read'],
  ['cut JSON', Buffer.from('{"task": "translat'), json, 'the body cannot be read: this is not JSON'],
  ['deep JSON', Buffer.from('['.repeat(100_000)), json, 'nested deeper'],
  ['a list', Buffer.from('["task"]'), json, 'no object'],
  ['a number', Buffer.from('7'), json, 'no object'],
  ['an empty task', Buffer.from('{"task": "   "}'), json, 'says nothing'],
  ['a call without a task', Buffer.from('{"method":"GetTask","params":{"id":"1"}}'), json, 'carries no task'],
  ['parts of another type', Buffer.from('{"message":{"parts":[1,null,"x"]}}'), json, 'says nothing'],
])('%s gives a reason', (_, body, type, reason) => {
  expect(readTask(body, type)).toEqual({ reason: expect.stringContaining(reason) })
})

test('any language is read, ten megabytes are cut', () => {
  expect(readTask(Buffer.from(JSON.stringify({ task: '请翻译这个句子 ترجم هذا' })), json)).toMatchObject({ text: '请翻译这个句子 ترجم هذا' })
  const long = readTask(Buffer.from(JSON.stringify({ task: 'word '.repeat(2_000_000) })), json)
  expect('text' in long && long.text.length).toBe(TEXT_MAX)
}, 60_000)
