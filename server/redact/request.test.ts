import { expect, test } from 'vitest'
import { Redaction } from '#server/contracts/redaction.ts'
import { LOGS, TRACES, type Message } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { compileRedaction } from './redactor.ts'
import { redactRequest } from './request.ts'
import { SECRETS } from './testdata/corpus.ts'

const all = compileRedaction(Redaction.parse({ builtIn: { emails: true, cards: true, ibans: true } }))
const own = (pattern: string, places: string[]) => compileRedaction(Redaction.parse({ custom: [{ name: 'own', pattern, in: places }] }))
const isMessage = (key: string) => key.startsWith('gen_ai.')

const text = (number: number, value: string) => (writer: ByteWriter) => writer.textField(number, value)
const message = (number: number, ...parts: ((writer: ByteWriter) => void)[]) => (writer: ByteWriter) => writer.message(number, () => parts.forEach((part) => part(writer)))
const attribute = (number: number, key: string, value: string) => message(number, text(1, key), message(2, text(1, value)))
const ids = (writer: ByteWriter) => {
  writer.field(1, Buffer.alloc(16, 0x41))
  writer.field(2, Buffer.alloc(8, 0x42))
}
function packed(...parts: ((writer: ByteWriter) => void)[]): Buffer {
  const writer = new ByteWriter()
  parts.forEach((part) => part(writer))
  return Buffer.from(writer.done())
}
const spanRequest = (...parts: ((writer: ByteWriter) => void)[]) => packed(message(1, message(2, message(2, ids, ...parts))))
const stored = (redactor: typeof all, bytes: Buffer, schema: Message = TRACES) => protobufToJson(redactRequest(redactor, bytes, schema, isMessage).bytes, schema)

const PLACES: [string, (value: string) => Buffer][] = [
  ['the name of a span', (value) => spanRequest(text(5, value))],
  ['its trace state', (value) => spanRequest(text(3, value))],
  ['the value of an attribute', (value) => spanRequest(attribute(9, 'a', value), attribute(9, 'b', 'kept'))],
  ['the value of an attribute with its key behind it', (value) => spanRequest(message(9, message(2, text(1, value)), text(1, 'a')))],
  ['the key of an attribute', (value) => spanRequest(attribute(9, value, 'x'))],
  ['a list in a map', (value) => spanRequest(message(9, text(1, 'a'), message(2, message(6, message(1, text(1, 'k'), message(2, message(5, message(1, text(1, value)))))))))],
  ['bytes', (value) => spanRequest(message(9, text(1, 'a'), message(2, (writer) => writer.field(7, Buffer.from(value)))))],
  ['the name of an event', (value) => spanRequest(message(11, text(2, value)))],
  ['an attribute of an event', (value) => spanRequest(message(11, text(2, 'exception'), attribute(3, 'exception.message', value)))],
  ['an attribute of a link', (value) => spanRequest(message(13, attribute(4, 'a', value)))],
  ['a status message', (value) => spanRequest(message(15, text(2, value)))],
  ['an attribute of a resource', (value) => packed(message(1, message(1, attribute(1, 'service.name', value)), message(2, message(2, ids))))],
  ['the name of a scope', (value) => packed(message(1, message(2, message(1, text(1, value)), message(2, ids))))],
  ['a schema URL', (value) => packed(message(1, text(3, value), message(2, message(2, ids))))],
  ['a field that nobody knows', (value) => spanRequest(text(99, value))],
]

test.each(PLACES)('of the corpus nothing is left in %s', (_, requestWith) => {
  for (const [name, secret, mark, around = secret] of SECRETS) {
    const { bytes, found } = redactRequest(all, requestWith(around), TRACES, isMessage)
    expect(bytes.includes(secret), name).toBe(false)
    expect(found.get(mark), name).toBeGreaterThan(0)
    expect(() => protobufToJson(bytes, TRACES), name).not.toThrow()
  }
})

test('values of each length are found, whatever the bytes around them look like', () => {
  for (let length = 0; length < 140; length++) {
    const filler = 'x'.repeat(length)
    for (const value of ['4111111111111111', 'a@b.example', 'DE89370400440532013000']) {
      for (const around of [value + (filler && ` ${filler}`), (filler && `${filler} `) + value]) {
        expect(redactRequest(all, spanRequest(attribute(9, 'a', around)), TRACES, isMessage).bytes.includes(value), around).toBe(false)
        const log = packed(message(1, message(2, message(2, attribute(6, 'a', around), attribute(6, 'b', '1')))))
        expect(redactRequest(all, log, LOGS, isMessage).bytes.includes(value), around).toBe(false)
      }
    }
  }
})

test('what an attribute of a secret’s name holds goes, whatever it is; the others stay', () => {
  const bytes = spanRequest(
    attribute(9, 'http.request.header.authorization', 'opaque'), attribute(9, 'gen_ai.usage.input_tokens', '12'), message(9, text(1, 'db.password'), message(2, (writer) => (writer.tag(3, 0), writer.varint(1234)))),
    message(9, text(1, 'http.request.header.cookie'), message(2, message(5, message(1, text(1, 'a=b')), message(1, text(1, 'c=d'))))), attribute(9, 'time_to_first_token', '3'),
  )
  const [span] = spansOf(stored(all, bytes))
  expect(span!.attributes).toEqual([
    { key: 'http.request.header.authorization', value: { stringValue: '[redacted: credential]' } },
    { key: 'gen_ai.usage.input_tokens', value: { stringValue: '12' } },
    { key: 'db.password', value: { stringValue: '[redacted: credential]' } },
    { key: 'http.request.header.cookie', value: { arrayValue: { values: [{ stringValue: '[redacted: credential]' }, { stringValue: '[redacted: credential]' }] } } },
    { key: 'time_to_first_token', value: { stringValue: '3' } },
  ])
})

const spansOf = (json: Record<string, unknown>) => (json as { resourceSpans: { scopeSpans: { spans: { name?: string; attributes: unknown[] }[] }[] }[] }).resourceSpans[0]!.scopeSpans[0]!.spans

test.each([
  ['names', ['name']], ['attributes', ['http.note']], ['messages', ['gen_ai.input.messages']],
] as const)('a rule for %s looks there alone', (place, where) => {
  for (const pattern of ['EMP-\\d{6}', '[A-Z]{3}-\\d{6}']) {
    const [span] = spansOf(stored(own(pattern, [place]), spanRequest(text(5, 'EMP-123456'), attribute(9, 'http.note', 'EMP-123456'), attribute(9, 'gen_ai.input.messages', 'EMP-123456'))))
    const marked = [...(span!.name === '[redacted: own]' ? ['name'] : []), ...(span!.attributes as { key: string; value: { stringValue: string } }[]).filter(({ value }) => value.stringValue === '[redacted: own]').map(({ key }) => key)]
    expect(marked, pattern).toEqual(where)
  }
})

test('a request without secrets is the very same bytes, and ids are never touched', () => {
  const bytes = spanRequest(text(5, 'GET /tasks'), attribute(9, 'url.full', 'https://x.example/a?b=c'))
  expect(redactRequest(all, bytes, TRACES, isMessage).bytes).toBe(bytes)
  const id = Buffer.from('AKIAA2B3C4D5E6F7')
  const withId = packed(message(1, message(2, message(2, (writer) => writer.field(1, id), text(5, 'x')))))
  expect(redactRequest(all, withId, TRACES, isMessage).bytes.includes(id)).toBe(true)
})

test('what is no such message, or is nested too deep, is refused', () => {
  const secret = 'password=hunter2'
  const deep = (depth: number): ((writer: ByteWriter) => void) => (depth === 0 ? text(1, secret) : message(5, message(1, deep(depth - 1))))
  expect(() => redactRequest(all, spanRequest(message(9, text(1, 'a'), message(2, deep(200)))), TRACES, isMessage)).toThrow('nested more than')
  const good = spanRequest(attribute(9, 'a', secret))
  for (const bad of [good.subarray(0, -3), Buffer.concat([Buffer.from([0x0a, 0xff, 0x01]), Buffer.from(secret)])]) expect(() => redactRequest(all, bad, TRACES, isMessage)).toThrow('not valid protobuf')
})
