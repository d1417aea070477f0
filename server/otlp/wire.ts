// The protobuf wire format, by hand: telemetry is read field by field from the bytes that came, without building objects.
// https://protobuf.dev/programming-guides/encoding/
import { MeshError } from '../contracts/errors.ts'

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** A place in a buffer. `end` bounds the message being read, so that nested messages share the buffer. */
export interface Cursor {
  readonly bytes: Buffer
  at: number
  end: number
}

export function cursorOf(bytes: Buffer): Cursor {
  return { bytes, at: 0, end: bytes.length }
}

function bad(what: string): never {
  throw new MeshError('bad_request', `the body is not valid protobuf: ${what}`)
}

/** A varint as a number. Above 2^53 precision is lost: use `readVarint64` where all 64 bits matter. */
export function readVarint(cursor: Cursor): number {
  const { bytes, end } = cursor
  let at = cursor.at
  let result = 0
  let scale = 1
  for (let count = 0; count < 10; count++) {
    if (at >= end) bad('it ends within a number')
    const byte = bytes[at++]!
    result += (byte & 0x7f) * scale
    if (byte < 0x80) {
      cursor.at = at
      return result
    }
    scale *= 128
  }
  return bad('a number is longer than ten bytes')
}

export function readVarint64(cursor: Cursor): bigint {
  const { bytes, end } = cursor
  let result = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (cursor.at >= end) bad('it ends within a number')
    const byte = bytes[cursor.at++]!
    result |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asUintN(64, result)
  }
  return bad('a number is longer than ten bytes')
}

/** Reads a length and answers where that field ends; the cursor stands at its first byte. */
export function readLength(cursor: Cursor): number {
  const length = readVarint(cursor)
  const end = cursor.at + length
  if (end > cursor.end) bad('a field is longer than the message around it')
  return end
}

/** Reads a tag: field number × 8 + wire type. */
export function readTag(cursor: Cursor): number {
  const tag = readVarint(cursor)
  if (tag < 8 || tag > 0xffffffff) bad('a field has the number 0')
  return tag
}

export function skip(cursor: Cursor, tag: number): void {
  switch (tag % 8) {
    case WIRE.varint:
      readVarint(cursor)
      return
    case WIRE.fixed64:
      cursor.at += 8
      break
    case WIRE.bytes:
      cursor.at = readLength(cursor)
      return
    case WIRE.fixed32:
      cursor.at += 4
      break
    default:
      bad(`wire type ${tag % 8} is not one`)
  }
  if (cursor.at > cursor.end) bad('it ends within a fixed-size number')
}

/** Moves over a fixed64 and answers where it began. */
export function skipFixed64(cursor: Cursor): number {
  const at = cursor.at
  cursor.at += 8
  if (cursor.at > cursor.end) bad('it ends within a fixed-size number')
  return at
}

/** Calls `field` for each field of a message; it must read or skip the value. */
export function eachField(cursor: Cursor, end: number, field: (tag: number) => void): void {
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) field(readTag(cursor))
  cursor.end = outer
}

/** Text as it came; bytes that are not UTF-8 become U+FFFD. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to)
}

/** A character a byte, for bytes that are keys. `toString` asks which encoding each time; this is what it then calls. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  return (bytes as Buffer & { latin1Slice(from: number, to: number): string }).latin1Slice(from, to) // the types of Node leave it out
}

/** Text that PostgreSQL can keep: it takes no U+0000. */
export function storableText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text
}
