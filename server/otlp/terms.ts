// What a block of spans is found by: a hash of 32 bits for each attribute with its value, each resource and each service in it. The hashes lie
// in the store, in `telemetry.span_block.terms`: whoever changes them sets that to null, which is anything, in all rows that are there.
import type { TermFilter } from './term-filter.ts'
import { readLength, readTag, readVarint64, skip, skipFixed64, type Cursor } from './wire.ts'
import { ByteWriter } from './writer.ts'

const SPAN_ATTRIBUTE = 0x4a
const SPAN_EVENT = 0x5a
const EVENT_ATTRIBUTE = 0x1a
const KEY = 0x0a
const VALUE = 0x12
/** Of an AnyValue. */
const TEXT = 0x0a
const BOOLEAN = 0x10
const INTEGER = 0x18
const DOUBLE = 0x21
const LIST = 0x2a
const SEED = { attribute: 0x48656464, resource: 0x6c652d31, service: 0x2d323032 }
/** More ways to meet a condition than this are not asked for one by one. */
const WAYS_MAX = 64

/** The OTLP Span in `[from, to)`, which has been read before: its attributes, and those of its events. */
export function addTermsOfSpan(filter: TermFilter, bytes: Buffer, from: number, to: number): void {
  look(bytes)
  addAttributes(filter, bytes, from, to, SPAN_ATTRIBUTE)
}

export function addTermOfResource(filter: TermFilter, id: number): void {
  filter.add(finished(SEED.resource ^ id))
}

export function addTermOfService(filter: TermFilter, id: number): void {
  filter.add(finished(SEED.service ^ id))
}

/** Terms of which a block has one that has one of these services; null is any block. */
export function termsOfServices(ids: readonly number[]): number[] | null {
  return ids.length > WAYS_MAX ? null : ids.map((id) => finished(SEED.service ^ id))
}

/**
 * Terms of which a block has one that has a span with this attribute, as `attribute-match.ts` compares it, or one of these resources,
 * which have it; null is any block.
 */
export function termsOfAttribute({ key, value }: { key: string; value: string }, resources: readonly number[]): number[] | null {
  const values = valuesThatPrintAs(value)
  if (values === null || values.length + resources.length > WAYS_MAX) return null
  const name = Buffer.from(key)
  return [...values.map((each) => termOf(name, each)), ...resources.map((id) => finished(SEED.resource ^ id))]
}

/** The fields of an AnyValue that print so, in their shortest form; null when they are too many to tell. */
function valuesThatPrintAs(text: string): Buffer[] | null {
  if (text === 'NaN' || text.includes('\ufffd')) return null // so do many doubles, and bytes that are no UTF-8
  const values = [scalar((writer) => writer.textField(TEXT >> 3, text))]
  if (text === 'true' || text === 'false') values.push(boolean(text === 'true'))
  if (/^(?:0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) values.push(integer(BigInt(text)))
  const number = Number(text)
  if (String(number) === text) for (const each of number === 0 ? [0, -0] : [number]) values.push(double(each))
  return values
}

const scalar = (write: (writer: ByteWriter) => void): Buffer => {
  const writer = new ByteWriter(32)
  write(writer)
  return writer.done()
}
const boolean = (value: boolean) => scalar((writer) => writer.raw(Uint8Array.of(BOOLEAN, value ? 1 : 0)))
const integer = (value: bigint) =>
  scalar((writer) => {
    writer.varint(INTEGER)
    writer.varint64(value)
  })
const double = (value: number) =>
  scalar((writer) => {
    writer.varint(DOUBLE)
    writer.double(value)
  })

/** Walks a Span or an Event; this and all below is the hot path of a block's making. */
function addAttributes(filter: TermFilter, bytes: Buffer, from: number, end: number, attributeTag: number): void {
  for (let at = from; at < end; ) {
    const length = bytes[at + 1]!
    if (bytes[at] === attributeTag && length < 128) addAttribute(filter, bytes, at + 2, (at += 2 + length))
    else at = addLonger(filter, { bytes, at, end }, attributeTag)
  }
}

/** A field that is no short attribute; answers where it ends. */
function addLonger(filter: TermFilter, cursor: Cursor, attributeTag: number): number {
  const { bytes } = cursor
  const tag = readTag(cursor)
  const isEvent = tag === SPAN_EVENT && attributeTag === SPAN_ATTRIBUTE
  if (tag !== attributeTag && !isEvent) {
    skip(cursor, tag)
    return cursor.at
  }
  const to = readLength(cursor)
  if (isEvent) addAttributes(filter, bytes, cursor.at, to, EVENT_ATTRIBUTE)
  else addAttribute(filter, bytes, cursor.at, to)
  return to
}

/** KeyValue. */
function addAttribute(filter: TermFilter, bytes: Buffer, from: number, end: number): void {
  const keyEnd = from + 2 + bytes[from + 1]!
  // As every encoder writes it: the key, then a scalar, and nothing else.
  if (bytes[from] === KEY && bytes[from + 1]! < 128 && bytes[keyEnd] === VALUE && holdsOneText(bytes, keyEnd, end) && isShortest(bytes, keyEnd + (bytes[keyEnd + 1]! < 128 ? 2 : 3), end)) {
    filter.add(finished(hashOf(bytes, from, end)))
  } else addUncommon(filter, { bytes, at: from, end })
}

/** Whether a tag of one byte, a length of one or two in its shortest form, and what it measures are all of `[from, to)`. */
function holdsOneText(bytes: Buffer, from: number, to: number): boolean {
  const [low, high] = [bytes[from + 1]!, bytes[from + 2]!]
  return low < 128 ? from + 2 + low === to : high > 0 && high < 128 && from + 3 + (low & 127) + high * 128 === to
}

/** The key is long, or one of them twice there, or they stand the other way round; or the value is a list, or longer than it must be. */
function addUncommon(filter: TermFilter, cursor: Cursor): void {
  const { bytes, end } = cursor
  let [keyFrom, keyTo, valueFrom, valueTo] = [0, 0, 0, 0]
  while (cursor.at < end) {
    const tag = readTag(cursor)
    if (tag !== KEY && tag !== VALUE) {
      skip(cursor, tag)
      continue
    }
    const to = readLength(cursor)
    if (tag === KEY) [keyFrom, keyTo] = [cursor.at, to]
    else [valueFrom, valueTo] = [cursor.at, to]
    cursor.at = to
  }
  addEachField(filter, bytes.subarray(keyFrom, keyTo), { bytes, at: valueFrom, end: valueTo })
  look(bytes)
}

/** Whether an AnyValue has one field, a scalar, written as everybody writes it. */
function isShortest(bytes: Buffer, from: number, to: number): boolean {
  switch (bytes[from]) {
    case TEXT:
      return holdsOneText(bytes, from, to)
    case BOOLEAN:
      return to - from === 2 && bytes[from + 1]! < 2
    case INTEGER:
      return isShortestVarint(bytes, from + 1, to)
    case DOUBLE:
      return to - from === 9
    default:
      return false
  }
}

function isShortestVarint(bytes: Buffer, from: number, to: number): boolean {
  const last = to - 1
  if (last < from || last - from > 8 || bytes[last]! > 127 || (bytes[last] === 0 && last > from)) return false
  for (let at = from; at < last; at++) if (bytes[at]! < 128) return false
  return true
}

/** AnyValue: a list has the terms of its items, and every scalar is brought to its shortest form. */
function addEachField(filter: TermFilter, key: Buffer, cursor: Cursor): void {
  const { bytes, end } = cursor
  while (cursor.at < end) {
    const tag = readTag(cursor)
    switch (tag) {
      case TEXT: {
        const to = readLength(cursor)
        filter.add(termOf(key, scalar((writer) => writer.field(TEXT >> 3, bytes.subarray(cursor.at, to)))))
        cursor.at = to
        break
      }
      case BOOLEAN:
        filter.add(termOf(key, boolean(readVarint64(cursor) !== 0n)))
        break
      case INTEGER:
        filter.add(termOf(key, integer(readVarint64(cursor))))
        break
      case DOUBLE:
        filter.add(termOf(key, double(bytes.readDoubleLE(skipFixed64(cursor)))))
        break
      case LIST:
        addItems(filter, key, cursor, readLength(cursor))
        break
      default:
        skip(cursor, tag)
    }
  }
}

function addItems(filter: TermFilter, key: Buffer, cursor: Cursor, end: number): void {
  const items: Cursor = { bytes: cursor.bytes, at: cursor.at, end }
  cursor.at = end
  while (items.at < end) {
    const tag = readTag(items)
    if (tag !== KEY) {
      skip(items, tag)
      continue
    }
    const to = readLength(items)
    addEachField(filter, key, { bytes: items.bytes, at: items.at, end: to })
    items.at = to
  }
}

/** Of a KeyValue in its shortest form. */
function termOf(key: Buffer, value: Buffer): number {
  const bytes = scalar((writer) => {
    writer.field(KEY >> 3, key)
    writer.field(VALUE >> 3, value)
  })
  look(bytes)
  return finished(hashOf(bytes, 0, bytes.length))
}

// The bytes that are hashed, to be read by four at once.
let seen: Uint8Array = new Uint8Array()
let words = new DataView(seen.buffer)
function look(bytes: Uint8Array): void {
  if (bytes === seen) return
  seen = bytes
  words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Of bytes that are looked at. */
function hashOf(bytes: Buffer, from: number, to: number): number {
  let hash = (to - from) ^ SEED.attribute
  let at = from
  for (; at + 4 <= to; at += 4) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ words.getInt32(at, true), 0x9e3779b1)
  for (; at < to; at++) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ bytes[at]!, 0x9e3779b1) // within them
  return hash
}

/** Every bit of the hash depends on every bit of what was hashed: MurmurHash3's end. https://github.com/aappleby/smhasher */
function finished(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
