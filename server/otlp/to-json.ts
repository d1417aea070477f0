// OTLP protobuf → OTLP/JSON, values as they came: 64-bit numbers as text, ids in lower-case hex, bytes in base64.
import type { Field, Message, Scalar } from './messages.ts'
import { cursorOf, eachField, readLength, readVarint, readVarint64, skip, skipFixed64, textOf, type Cursor } from './wire.ts'

export type JsonObject = Record<string, unknown>

const byNumber = new WeakMap<Message, Map<number, [string, Field]>>()

function fieldsOf(message: Message): Map<number, [string, Field]> {
  const before = byNumber.get(message)
  if (before) return before
  const fields = new Map(Object.entries(message).map(([name, field]) => [field.number, [name, field] as [string, Field]]))
  byNumber.set(message, fields)
  return fields
}

/** Fields that the message does not name are left out. Throws `bad_request` on bytes that are not the message. */
export function protobufToJson(bytes: Buffer, message: Message): JsonObject {
  return readMessage(cursorOf(bytes), bytes.length, message)
}

function readMessage(cursor: Cursor, end: number, message: Message): JsonObject {
  const json: JsonObject = {}
  const fields = fieldsOf(message)
  eachField(cursor, end, (tag) => {
    const known = fields.get(Math.floor(tag / 8))
    if (!known) return skip(cursor, tag)
    const [name, field] = known
    if (!field.repeated) {
      json[name] = readValue(cursor, field)
      return
    }
    const list = (json[name] ??= []) as unknown[] // a repeated field is always begun as a list
    if (typeof field.type !== 'function' && tag % 8 === 2 && PACKED.has(field.type)) {
      const packedEnd = readLength(cursor)
      while (cursor.at < packedEnd) list.push(readScalar(cursor, field.type))
    } else list.push(readValue(cursor, field))
  })
  return json
}

const PACKED = new Set<Scalar>(['fixed64', 'double', 'uint64'])

function readValue(cursor: Cursor, { type }: Field): unknown {
  return typeof type === 'function' ? readMessage(cursor, readLength(cursor), type()) : readScalar(cursor, type)
}

function readScalar(cursor: Cursor, type: Scalar): unknown {
  const { bytes } = cursor
  switch (type) {
    case 'text':
      return take(cursor, (from, to) => textOf(bytes, from, to))
    case 'hex':
      return take(cursor, (from, to) => bytes.toString('hex', from, to))
    case 'base64':
      return take(cursor, (from, to) => bytes.toString('base64', from, to))
    case 'bool':
      return readVarint(cursor) !== 0
    case 'enum':
    case 'uint32':
      return readVarint(cursor)
    case 'fixed32':
      cursor.at += 4
      return bytes.readUInt32LE(cursor.at - 4)
    case 'int64':
      return BigInt.asIntN(64, readVarint64(cursor)).toString()
    case 'uint64':
      return readVarint64(cursor).toString()
    case 'sint32': {
      const zigzag = readVarint(cursor)
      return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    }
    case 'fixed64':
      return bytes.readBigUInt64LE(skipFixed64(cursor)).toString()
    case 'sfixed64':
      return bytes.readBigInt64LE(skipFixed64(cursor)).toString()
    case 'double': {
      const value = bytes.readDoubleLE(skipFixed64(cursor))
      return Number.isFinite(value) ? value : String(value) // JSON has no NaN and no infinities; protobuf's JSON writes them as text
    }
  }
}

function take<T>(cursor: Cursor, read: (from: number, to: number) => T): T {
  const to = readLength(cursor)
  const value = read(cursor.at, to)
  cursor.at = to
  return value
}
