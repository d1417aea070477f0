import { expect, test } from 'vitest'
import { printValue, spanMatches } from './search.ts'
import { span } from './testing.ts'

const chat = span('a', null, 0, 1, {
  service: 'sample-llm', name: 'chat', status: 'error', statusMessage: 'budget spent',
  attributes: [{ key: 'http.response.status_code', value: 429 }, { key: 'x', value: '<img src=x onerror=alert(1)>' }],
  events: [{ name: 'exception', offsetMs: 0, attributes: [] }],
})

test.each([['sample', true], ['CHAT llm', true], ['status_code=429', true], ['status=error', true], ['exception', true], ['onerror', true], ['chat writer', false], ['', false], ['  ', false]])(
  'searching %j', (query, found) => expect(spanMatches(chat, query)).toBe(found))

test('values print as what they are', () => {
  expect(printValue('a')).toBe('a')
  expect(printValue({ bytesValue: 'AA==' })).toBe('{"bytesValue":"AA=="}')
  expect(printValue(undefined)).toBe('')
})
