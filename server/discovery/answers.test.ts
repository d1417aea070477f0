import { expect, test } from 'vitest'
import { readAnswers } from './answers.ts'

const answer = { jsonrpc: '2.0', id: 1, result: { tools: [] } }
const event = (message: unknown, ending = '\n\n') => `event: message\ndata: ${JSON.stringify(message)}${ending}`
const read = (...pieces: string[]) => {
  const answers = readAnswers()
  const enough = pieces.some((piece) => answers.take(piece))
  return { enough, answer: answers.answer }
}

test('an answer is there when its event has come whole, in whichever pieces', () => {
  const text = event(answer, '\r\n\r\n')
  expect(read(text)).toEqual({ enough: true, answer })
  expect(read(...text)).toEqual({ enough: true, answer })
  expect(read(text.slice(0, -2))).toEqual({ enough: false, answer: null })
  expect(read('data: {"id": 1,\ndata:"result": {}}\n\n').answer).toEqual({ id: 1, result: {} })
})

test('a notification that speaks of an error is not the answer', () => {
  const notification = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', error: 'none', result: 1, data: { error: 'disk' } } }
  expect(read(event(notification))).toEqual({ enough: false, answer: null })
  expect(read(event(notification), event(answer))).toEqual({ enough: true, answer })
})

test.each([['a cut object', '{"result"'], ['text', '"error" it says'], ['a list', '["result"]'], ['null', 'null'], ['deep', `{"result":${'['.repeat(100)}`]])('%s is passed over', (_, data) => {
  expect(read(`data: ${data}\n\n`, event(answer)).answer).toEqual(answer)
})

test('a stream that ends within an event has said all of it', () => {
  const answers = readAnswers()
  answers.take(event(answer, ''))
  answers.end()
  expect(answers.answer).toEqual(answer)
})

// What has no end for a regular expression: each of these took seconds and more by one that was tried on all that had come.
test.each([
  ['lines that begin an answer', 'data: {"result"\n'],
  ['events that begin an answer', 'data: {"result"\n\n'],
  ['one line', 'data: {"result" '],
  ['carriage returns', '\r\r\r'],
  ['empty lines', '\n'],
])('a megabyte of %s in small pieces is looked at once', (_, unit) => {
  const answers = readAnswers()
  const began = performance.now()
  const text = unit.repeat(2 ** 20 / unit.length)
  for (let at = 0; at < text.length; at += 16) answers.take(text.slice(at, at + 16))
  answers.end()
  expect(answers.answer).toBeNull()
  expect(performance.now() - began).toBeLessThan(3000)
})
