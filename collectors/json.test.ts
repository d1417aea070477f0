import { expect, test } from 'vitest'
import { MeshError } from '#server/contracts/errors.ts'
import { TRACES, type Message, type Scalar } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'
import { jsonToProtobuf } from './json.ts'

const SCALARS = ['text', 'hex', 'base64', 'bool', 'enum', 'uint32', 'fixed32', 'int64', 'uint64', 'fixed64', 'sfixed64', 'sint32', 'double'] as const satisfies readonly Scalar[]
/** A field of each type by the type's name, a list, and itself again. */
const ALL: Message = { ...Object.fromEntries(SCALARS.map((type, index) => [type, { number: index + 1, type }])), list: { number: 20, type: 'text', repeated: true }, inner: { number: 21, type: () => ALL } }

function refusalOf(body: string, message = ALL): string {
  try {
    jsonToProtobuf(Buffer.from(body), message)
    return 'taken'
  } catch (error) {
    return error instanceof MeshError && error.code === 'bad_request' ? error.message : `${String(error)} is no refusal`
  }
}

test.each([
  ['', 'the body is not valid JSON'],
  ['{"text":', 'the body is not valid JSON'],
  ['null', 'the body takes an object, not null'],
  ['[]', 'the body takes an object, not []'],
  ['7', 'the body takes an object, not 7'],
  ['{"inner":"x"}', '/inner takes an object, not "x"'],
  ['{"inner":{"inner":[]}}', '/inner/inner takes an object, not []'],
  ['{"list":{}}', '/list takes a list, not {}'],
  ['{"list":["a",7]}', '/list/1 takes text, not 7'],
  ['{"list":[null]}', '/list/0 takes text, not null'],
  ['{"text":7}', '/text takes text, not 7'],
  ['{"hex":7}', '/hex takes hexadecimal text, not 7'],
  ['{"base64":7}', '/base64 takes base64 text, not 7'],
  ['{"base64":"a b"}', '/base64 takes base64 text, not "a b"'],
  ['{"bool":1}', '/bool takes true or false, not 1'],
  ['{"enum":"SPAN_KIND_SERVER"}', '/enum takes the number of an enum value, not a text of 16 characters'],
  ['{"enum":-1}', '/enum takes the number of an enum value, not -1'],
  ['{"enum":1.5}', '/enum takes the number of an enum value, not 1.5'],
  ['{"enum":2147483648}', '/enum takes the number of an enum value, not 2147483648'],
  ['{"int64":true}', '/int64 takes a whole number, not true'],
  ['{"int64":"0x10"}', '/int64 takes a whole number, not "0x10"'],
  ['{"int64":""}', '/int64 takes a whole number, not ""'],
  ['{"int64":1.5}', '/int64 takes a whole number, not 1.5'],
  ['{"int64":"9223372036854775808"}', '/int64 takes a whole number from -9223372036854775808 to 9223372036854775807, not a text of 19 characters'],
  ['{"sfixed64":"-9223372036854775809"}', '/sfixed64 takes a whole number from -9223372036854775808 to 9223372036854775807, not a text of 20 characters'],
  ['{"uint64":-1}', '/uint64 takes a whole number from 0 to 18446744073709551615, not -1'],
  ['{"fixed64":"18446744073709551616"}', '/fixed64 takes a whole number from 0 to 18446744073709551615, not a text of 20 characters'],
  ['{"uint32":4294967296}', '/uint32 takes a whole number from 0 to 4294967295, not 4294967296'],
  ['{"fixed32":-1}', '/fixed32 takes a whole number from 0 to 4294967295, not -1'],
  ['{"sint32":2147483648}', '/sint32 takes a whole number from -2147483648 to 2147483647, not 2147483648'],
  ['{"double":"wide"}', '/double takes a number, not "wide"'],
  ['{"double":" "}', '/double takes a number, not " "'],
  ['{"double":[]}', '/double takes a number, not []'],
])('%s is refused where it is wrong', (body, refusal) => {
  expect(refusalOf(body)).toBe(refusal)
})

test('what is nested too deep is refused, and no stack is spent on it', () => {
  const nested = (depth: number) => `${'{"inner":'.repeat(depth)}{}${'}'.repeat(depth)}`
  expect(refusalOf(nested(80))).toBe('taken')
  expect(refusalOf(nested(81))).toMatch(/nested too deep$/)
  expect(refusalOf(nested(3000))).toMatch(/nested too deep$/)
})

test('every type is given back as it came; null and what nobody knows is left out', () => {
  const said = { text: 'a', hex: 'ABCD', base64: 'AAEC', bool: true, enum: 3, uint32: 4294967295, fixed32: '7', int64: '-9223372036854775808', uint64: 18, fixed64: '18446744073709551615', sfixed64: -1, sint32: -2147483648, double: '-Infinity', list: ['x', 'y'], inner: { text: null, constructor: 7, Text: 'no' } }
  expect(protobufToJson(Buffer.from(jsonToProtobuf(Buffer.from(JSON.stringify(said)), ALL)), ALL)).toEqual({ ...said, hex: 'abcd', fixed32: 7, uint64: '18', sfixed64: '-1', inner: {} })
})

test('an id that is not hexadecimal goes on as no id, so that its span is refused alone', () => {
  const span = (traceId: string) => protobufToJson(Buffer.from(jsonToProtobuf(Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId }] }] }] })), TRACES)), TRACES)
  for (const traceId of ['W47/95gDgQPSabYzgTwGDA==', 'abc', 'xy']) expect(JSON.stringify(span(traceId))).toContain('"traceId":"00"')
})
