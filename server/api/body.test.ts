import { expect, test } from 'vitest'
import { parseBody } from './body.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test.each([
  ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 'the body is not UTF-8'],
  ['half of a JSON text', bytes('{"kind": '), 'application/json', 'the body is not JSON'],
  ['a YAML key twice', bytes('a: 1\na: 2'), 'application/yaml', 'the body is not YAML'],
  ['a form', bytes('a=1'), 'application/x-www-form-urlencoded', 'send application/json or application/yaml'],
  ['no type', bytes('{}'), null, 'send application/json or application/yaml'],
])('%s is refused with its reason', (_name, body, type, reason) => {
  expect(() => parseBody(body, type)).toThrow(reason)
})

test('JSON and YAML are read to the same', () => {
  expect(parseBody(bytes('{"a": [1, "x"]}'), 'application/json; charset=utf-8')).toEqual(parseBody(bytes('a: [1, x]'), 'application/yaml'))
})
