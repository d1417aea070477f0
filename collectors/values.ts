import { MeshError } from '#server/contracts/errors.ts'
import { ByteTable } from '#server/otlp/byte-table.ts'
import { readLength, readTag, readVarint, readVarint64, skip, skipFixed64, type Cursor } from '#server/otlp/wire.ts'

/** Deeper values are refused: reading them back would need as deep a stack. */
const DEPTH_MAX = 32

/** Values that mean something to us repeat: methods, hosts, models. */
const texts = new ByteTable(8192, (bytes, from, to) => bytes.toString('utf8', from, to))

/** Reads the scalar of an AnyValue that ends at `end`; a list, a map or bytes give null. The cursor is left at `end`. */
export function readScalar(cursor: Cursor, end: number): string | number | boolean | null {
  let value: string | number | boolean | null = null
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) {
    const tag = readTag(cursor)
    switch (tag) {
      case 0x0a: {
        const to = readLength(cursor)
        value = texts.get(cursor.bytes, cursor.at, to)
        cursor.at = to
        break
      }
      case 0x10:
        value = readVarint(cursor) !== 0
        break
      case 0x18:
        value = readInteger(cursor)
        break
      case 0x21:
        value = cursor.bytes.readDoubleLE(skipFixed64(cursor))
        break
      default:
        skip(cursor, tag)
    }
  }
  cursor.end = outer
  return value
}

/** An int64 as a number. A negative one takes ten bytes; most take one or two. */
function readInteger(cursor: Cursor): number {
  const { at } = cursor
  const whole = readVarint(cursor)
  if (cursor.at - at < 8) return whole
  cursor.at = at
  return Number(BigInt.asIntN(64, readVarint64(cursor)))
}

/** Walks an AnyValue to its leaves, so that what is stored can be read back. */
export function checkValue(cursor: Cursor, end: number, depth = 0): void {
  if (depth > DEPTH_MAX) throw new MeshError('bad_request', `an attribute value is nested more than ${DEPTH_MAX} deep`)
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) {
    const tag = readTag(cursor)
    // Field 5 is a list of AnyValue, 6 a list of KeyValue; both are field 1 of the message inside.
    if (tag === 0x2a || tag === 0x32) checkList(cursor, readLength(cursor), tag === 0x32, depth)
    else skip(cursor, tag)
  }
  cursor.end = outer
}

function checkList(cursor: Cursor, end: number, keyed: boolean, depth: number): void {
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) {
    const tag = readTag(cursor)
    if (tag !== 0x0a) skip(cursor, tag)
    else if (keyed) checkKeyValue(cursor, readLength(cursor), depth + 1)
    else checkValue(cursor, readLength(cursor), depth + 1)
  }
  cursor.end = outer
}

export function checkKeyValue(cursor: Cursor, end: number, depth = 0): void {
  const outer = cursor.end
  cursor.end = end
  while (cursor.at < end) {
    const tag = readTag(cursor)
    if (tag === 0x12) checkValue(cursor, readLength(cursor), depth)
    else skip(cursor, tag)
  }
  cursor.end = outer
}
