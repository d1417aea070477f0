import { expect, test } from 'vitest'
import type { WrittenFilters } from './filters.ts'
import { completeQuery, describeQuery, NO_FILTERS, parseQuery, writeQuery } from './query.ts'

const LINE = 'service = writer and operation = "chat retry" and duration > 200ms and duration < 2s and status = error and attr.http.route = /tasks and "attr.my key" = "a b"'
const FILTERS = { service: 'writer', operation: 'chat retry', status: 'error', min: '200ms', max: '2s', attr: ['http.route=/tasks', 'my key=a b'] } satisfies WrittenFilters

test('a line and the form say the same', () => {
  expect(parseQuery(LINE)).toEqual({ state: 'read', filters: FILTERS })
  expect(writeQuery(FILTERS)).toBe(LINE)
  expect(parseQuery('')).toEqual({ state: 'read', filters: NO_FILTERS })
  expect(parseQuery('agent=writer took>=1s')).toEqual({ state: 'read', filters: { ...NO_FILTERS, service: 'writer', min: '1s' } })
})

test('what is asked for is said in words', () => {
  expect(describeQuery(FILTERS)).toBe('Failed traces with a span “chat retry” of writer that took 200 ms to 2 s with http.route “/tasks” and my key “a b”')
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
  ['attr. = x', /the name of an attribute/],
  ['attr.a', /comes “=”/],
  ['attr.a > 1', /“=” alone/],
  ['attr.a =', /value is missing/],
  [`attr.a = ${'x'.repeat(1100)}`, /longer than/],
  ['attr.a = 1 and attr.b = 1 and attr.c = 1 and attr.d = 1 and attr.e = 1', /4 attributes at most/],
  ['= =', /is not one of/],
  ['(', /is not one of/],
])('%s is refused in a sentence', (line, says) => {
  expect(parseQuery(line)).toEqual({ state: 'wrong', says: expect.stringMatching(says) })
})

test.each([
  ['', ['service', 'operation', 'duration', 'status', 'attr.']],
  ['du', ['duration']],
  ['service ', ['=']],
  ['service = ', ['translator', 'writer']],
  ['service = wr', ['writer']],
  ['service = writer ', ['and']],
  ['service = writer and st', ['status']],
  ['status = e', ['error']],
  ['at', ['attr.']],
  ['attr.', ['attr.http.route', '"attr.my key"']],
  ['attr.http', ['attr.http.route']],
  ['attr.http.route ', ['=']],
  ['attr.http.route = ', ['/tasks', '"/a b"']],
  ['attr.http.route = /tasks ', ['and']],
  ['duration >', ['50ms', '200ms', '1s', '5s']],
])('after “%s” comes %j', (line, texts) => {
  expect(completeQuery(line, ['translator', 'writer'], [{ name: 'http.route', values: ['/tasks', '/a b'] }, { name: 'my key', values: [] }]).map(({ text }) => text)).toEqual(texts)
})

test('taking what is offered makes the line', () => {
  expect(completeQuery('service = wr', ['writer'])[0]?.line).toBe('service = writer ')
  expect(completeQuery('service=wr', ['writer'])[0]?.line).toBe('service= writer ')
  expect(completeQuery('service = writer', ['writer'])).toEqual([])
})
