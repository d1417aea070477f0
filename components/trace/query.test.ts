import { expect, test } from 'vitest'
import { completeQuery, describeQuery, NO_FILTERS, parseQuery, writeQuery } from './query.ts'

const LINE = 'service = writer and operation = "chat retry" and duration > 200ms and duration < 2s and status = error'
const FILTERS = { service: 'writer', operation: 'chat retry', status: 'error', min: '200ms', max: '2s' } as const

test('a line and the form say the same', () => {
  expect(parseQuery(LINE)).toEqual({ state: 'read', filters: FILTERS })
  expect(writeQuery(FILTERS)).toBe(LINE)
  expect(parseQuery('')).toEqual({ state: 'read', filters: NO_FILTERS })
  expect(parseQuery('agent=writer took>=1s')).toEqual({ state: 'read', filters: { ...NO_FILTERS, service: 'writer', min: '1s' } })
})

test('what is asked for is said in words', () => {
  expect(describeQuery(FILTERS)).toBe('Failed traces with a span “chat retry” of writer that took 200 ms to 2 s')
  expect(describeQuery(NO_FILTERS)).toBe('Every trace')
  expect(describeQuery({ ...NO_FILTERS, status: 'ok' })).toBe('Traces without an error')
})

test.each([
  ['colour = red', /“colour” is not one of/],
  ['service', /comes “=”/],
  ['service =', /value is missing/],
  ['service > a', /“=” alone/],
  ['service = a and', /condition is missing/],
  ['service = a or service = b', /two searches/],
  ['service = a and service = b', /twice/],
  ['duration > long', /no time/],
  ['duration = 1s', /“>” or “<”/],
  ['duration > 1s and duration > 2s', /twice/],
  ['status = maybe', /ok or error/],
  ['= =', /is not one of/],
  ['(', /is not one of/],
])('%s is refused in a sentence', (line, says) => {
  expect(parseQuery(line)).toEqual({ state: 'wrong', says: expect.stringMatching(says) })
})

test.each([
  ['', ['service', 'operation', 'duration', 'status']],
  ['du', ['duration']],
  ['service ', ['=']],
  ['service = ', ['translator', 'writer']],
  ['service = wr', ['writer']],
  ['service = writer ', ['and']],
  ['service = writer and st', ['status']],
  ['status = e', ['error']],
  ['duration >', ['50ms', '200ms', '1s', '5s']],
])('after “%s” comes %j', (line, texts) => {
  expect(completeQuery(line, ['translator', 'writer']).map(({ text }) => text)).toEqual(texts)
})

test('taking what is offered makes the line', () => {
  expect(completeQuery('service = wr', ['writer'])[0]?.line).toBe('service = writer ')
  expect(completeQuery('service=wr', ['writer'])[0]?.line).toBe('service= writer ')
  expect(completeQuery('service = writer', ['writer'])).toEqual([])
})
