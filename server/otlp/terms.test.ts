import { expect, test } from 'vitest'
import { metBySpan, wantedOf } from './attribute-match.ts'
import { bitsOf, TermFilter } from './term-filter.ts'
import { addTermOfResource, addTermsOfSpan, termsOfAttribute, termsOfServices } from './terms.ts'
import { ByteWriter } from './writer.ts'

type Write = (writer: ByteWriter) => void

const written = (...writes: Write[]): Buffer => {
  const writer = new ByteWriter()
  for (const write of writes) write(writer)
  return Buffer.from(writer.done())
}
const raw = (...bytes: number[]): Write => (writer) => writer.raw(Uint8Array.from(bytes))
const text = (value: string): Write => (writer) => writer.textField(1, value)
const integer = (value: bigint): Write => (writer) => {
  writer.varint(0x18)
  writer.varint64(value)
}
const double = (value: number): Write => (writer) => {
  writer.varint(0x21)
  writer.double(value)
}
const list = (...items: Write[]): Write => (writer) => writer.message(5, () => items.forEach((item) => writer.message(1, () => item(writer))))
const attribute = (key: string, value: Write, field = 9): Write => (writer) =>
  writer.message(field, () => {
    writer.textField(1, key)
    writer.message(2, () => value(writer))
  })
const turnedRound = (key: string, value: Write): Write => (writer) =>
  writer.message(9, () => {
    writer.message(2, () => value(writer))
    writer.textField(1, key)
  })
const event = (...attributes: Write[]): Write => (writer) => writer.message(11, () => attributes.forEach((each) => each(writer)))

const mayHave = (filter: Buffer | null, terms: readonly number[] | null) =>
  filter === null || terms === null || terms.some((term) => bitsOf(term).every((bit) => (filter[(bit & (filter.length * 8 - 1)) >> 3]! & (1 << (bit & 7))) !== 0)) // within it

/** What an attribute of a span is, and what it is found by. */
const FOUND: [string, Write, string[]][] = [
  ['a text', attribute('k', text('v')), ['v']],
  ['an empty one', attribute('k', text('')), ['']],
  ['one of two hundred characters', attribute('k', text('long '.repeat(40))), ['long '.repeat(40)]],
  ['one of twenty thousand', attribute('k', text('é'.repeat(10_000))), ['é'.repeat(10_000)]],
  ['one with a length in more bytes than it needs', attribute('k', raw(0x0a, 0x81, 0x00, 0x76)), ['v']],
  ['bytes that are no UTF-8', attribute('k', raw(0x0a, 0x02, 0x76, 0xff)), ['v\ufffd']],
  ['a number', attribute('k', integer(503n)), ['503']],
  ['a small one, and none', attribute('k', integer(0n)), ['0']],
  ['a negative one', attribute('k', integer(-7n)), ['-7']],
  ['the largest and the least', attribute('k', list(integer(9223372036854775807n), integer(-9223372036854775808n))), ['9223372036854775807', '-9223372036854775808']],
  ['a number in more bytes than it needs', attribute('k', raw(0x18, 0x87, 0x80, 0x00)), ['7']],
  ['a fraction', attribute('k', double(0.25)), ['0.25']],
  ['a whole double', attribute('k', double(503)), ['503']],
  ['a zero below zero', attribute('k', double(-0)), ['0']],
  ['no number at all', attribute('k', double(NaN)), ['NaN']],
  ['without end', attribute('k', double(-Infinity)), ['-Infinity']],
  ['a large double', attribute('k', double(1e21)), ['1e+21']],
  ['true, and true in another way', attribute('k', list(raw(0x10, 0x01), raw(0x10, 0x07))), ['true']],
  ['false', attribute('k', raw(0x10, 0x00)), ['false']],
  ['a text that says true', attribute('k', text('true')), ['true']],
  ['a list, and a list in it', attribute('k', list(text('a'), list(integer(5n), text('b')))), ['a', '5', 'b']],
  ['a value behind another', attribute('k', (writer) => [text('a'), text('b')].forEach((each) => each(writer))), ['a', 'b']],
  ['a value before its key', turnedRound('k', text('v')), ['v']],
  ['of an event', event(attribute('k', text('v'), 3)), ['v']],
  ['of the second event', event(raw(0x12, 0x01, 0x6e), attribute('k', integer(3n), 3)), ['3']],
]

test.each(FOUND)('a block is found by an attribute that is %s', (_what, write, values) => {
  const span = written(attribute('other', text('x')), write, attribute('later', integer(1n)))
  const filter = new TermFilter()
  addTermsOfSpan(filter, span, 0, span.length)
  const bytes = filter.done()
  for (const value of values) {
    expect(metBySpan(span, [wantedOf({ key: 'k', value })])).toBe(1) // so the search would find it
    expect(mayHave(bytes, termsOfAttribute({ key: 'k', value }, []))).toBe(true)
  }
})

test('a block of 250 spans is not taken for one with another value, in fewer than three bytes a span', () => {
  const filter = new TermFilter()
  for (let number = 0; number < 250; number++) {
    const span = written(attribute('request.id', text(`id ${number}`)), attribute('method', text('POST')), attribute('tokens', integer(BigInt(number % 50))))
    addTermsOfSpan(filter, span, 0, span.length)
  }
  const bytes = filter.done()!
  const wrong = Array.from({ length: 10_000 }, (_, number) => mayHave(bytes, termsOfAttribute({ key: 'request.id', value: `other ${number}` }, []))).filter(Boolean)
  expect(wrong.length).toBeLessThan(200)
  expect(bytes.length).toBeLessThan(750)
  expect(mayHave(bytes, termsOfAttribute({ key: 'method', value: 'GET' }, []))).toBe(false)
  expect(mayHave(bytes, termsOfAttribute({ key: 'request', value: '.idid 7' }, []))).toBe(false) // where the name ends is part of it
})

test('a block with more than a filter holds is found by anything', () => {
  const filter = new TermFilter()
  for (let number = 0; number < 30_000; number++) filter.add(Math.imul(number, 0x9e3779b1))
  expect(filter.done()).toBe(null)
  filter.reset()
  expect(filter.done()).toHaveLength(8)
})

test('a condition that resources meet finds their blocks; of too many, any block', () => {
  const filter = new TermFilter()
  addTermOfResource(filter, 7)
  const bytes = filter.done()
  expect(mayHave(bytes, termsOfAttribute({ key: 'host.name', value: 'loom' }, [5, 7]))).toBe(true)
  expect(mayHave(bytes, termsOfAttribute({ key: 'host.name', value: 'loom' }, [5]))).toBe(false)
  expect(mayHave(bytes, termsOfServices([7]))).toBe(false)
  expect(termsOfAttribute({ key: 'host.name', value: 'loom' }, Array.from({ length: 100 }, (_, id) => id))).toBe(null)
})
