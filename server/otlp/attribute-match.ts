// Which spans carry an attribute, told from their bytes: a search passes over hundreds of thousands of them a second and builds nothing.
import { cursorOf, eachField, readLength, readVarint64, skip, skipFixed64, textOf, type Cursor } from './wire.ts'

/** An attribute that is asked for, ready to be compared; a bit of a mask each. */
export interface Wanted {
  key: Buffer
  value: string
  /** The value as it must stand in the bytes; null where a number or a boolean may print the same. */
  text: Buffer | null
}

const MAY_BE_NO_TEXT = /^(?:true|false|NaN|-?Infinity|-?\d.*)$/

export function wantedOf({ key, value }: { key: string; value: string }): Wanted {
  return { key: Buffer.from(key), value, text: MAY_BE_NO_TEXT.test(value) ? null : Buffer.from(value) }
}

/** The mask of all of them. */
export function allOf(wanted: readonly Wanted[]): number {
  return 2 ** wanted.length - 1
}

/** Quickly: can a span within these bytes meet it? Never wrong when it says no. */
export function mayHold(bytes: Buffer, wanted: Wanted): boolean {
  return bytes.includes(wanted.key) && (wanted.text === null || bytes.includes(wanted.text))
}

const SPAN_ATTRIBUTE = 0x4a
const SPAN_EVENT = 0x5a
const EVENT_ATTRIBUTE = 0x1a
const RESOURCE_ATTRIBUTE = 0x0a

/** A bit for each that an attribute of the OTLP Span meets, or one of its events. */
export function metBySpan(bytes: Buffer, wanted: readonly Wanted[]): number {
  const cursor = cursorOf(bytes)
  let met = 0
  eachField(cursor, bytes.length, (tag) => {
    if (tag === SPAN_ATTRIBUTE) met |= metByAttribute(cursor, readLength(cursor), wanted)
    else if (tag === SPAN_EVENT) met |= metByAttributes(cursor, readLength(cursor), EVENT_ATTRIBUTE, wanted)
    else skip(cursor, tag)
  })
  return met
}

/** The same for the attributes of an OTLP Resource. */
export function metByResource(bytes: Buffer, wanted: readonly Wanted[]): number {
  return metByAttributes(cursorOf(bytes), bytes.length, RESOURCE_ATTRIBUTE, wanted)
}

/** The trace id of an OTLP Span, in hex. */
export function traceIdOf(span: Buffer): string {
  const cursor = cursorOf(span)
  let id = ''
  eachField(cursor, span.length, (tag) => {
    if (tag !== 0x0a) return skip(cursor, tag)
    const to = readLength(cursor)
    id = span.toString('hex', cursor.at, to)
    cursor.at = to
  })
  return id
}

function metByAttributes(cursor: Cursor, end: number, attributeTag: number, wanted: readonly Wanted[]): number {
  let met = 0
  eachField(cursor, end, (tag) => {
    if (tag === attributeTag) met |= metByAttribute(cursor, readLength(cursor), wanted)
    else skip(cursor, tag)
  })
  return met
}

/** KeyValue: key (1) and value (2), in either order. */
function metByAttribute(cursor: Cursor, end: number, wanted: readonly Wanted[]): number {
  const { bytes } = cursor
  let [keyFrom, keyTo, valueFrom, valueTo] = [0, 0, 0, 0]
  eachField(cursor, end, (tag) => {
    if (tag !== 0x0a && tag !== 0x12) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === 0x0a) [keyFrom, keyTo] = [cursor.at, to]
    else [valueFrom, valueTo] = [cursor.at, to]
    cursor.at = to
  })
  let met = 0
  wanted.forEach(({ key, value }, index) => {
    if (key.length !== keyTo - keyFrom || key.compare(bytes, keyFrom, keyTo) !== 0) return
    if (saysValue({ bytes, at: valueFrom, end: valueTo }, valueTo, value)) met |= 1 << index
  })
  return met
}

/** AnyValue: a text, boolean or number that prints as `value`, or a list with one. */
function saysValue(cursor: Cursor, end: number, value: string): boolean {
  let said = false
  eachField(cursor, end, (tag) => {
    switch (tag) {
      case 0x0a: {
        const to = readLength(cursor)
        said ||= textOf(cursor.bytes, cursor.at, to) === value
        cursor.at = to
        return
      }
      case 0x10:
        said ||= String(readVarint64(cursor) !== 0n) === value
        return
      case 0x18:
        said ||= BigInt.asIntN(64, readVarint64(cursor)).toString() === value
        return
      case 0x21:
        said ||= String(cursor.bytes.readDoubleLE(skipFixed64(cursor))) === value
        return
      case 0x2a:
        eachField(cursor, readLength(cursor), (inner) => {
          if (inner !== 0x0a) return skip(cursor, inner)
          const to = readLength(cursor)
          said ||= saysValue({ bytes: cursor.bytes, at: cursor.at, end: to }, to, value)
          cursor.at = to
        })
        return
      default:
        skip(cursor, tag)
    }
  })
  return said
}
