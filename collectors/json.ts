// OTLP/JSON → OTLP protobuf, so that there is one way in. Hex ids, integer enums, 64-bit numbers as text or number, unknown keys
// ignored, lowerCamelCase alone: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import { MeshError } from '#server/contracts/errors.ts'
import type { Field, Message, Scalar } from '#server/otlp/messages.ts'
import { WIRE } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'

const DEPTH_MAX = 80

/** The protobuf bytes of a JSON request. Throws `bad_request` naming the place of the first wrong value. */
export function jsonToProtobuf(body: Buffer, message: Message): Buffer {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new MeshError('bad_request', 'the body is not valid JSON', { cause })
  }
  const writer = new ByteWriter(body.length)
  writeMessage(writer, parsed, message, '', 0)
  return writer.done()
}

function writeMessage(writer: ByteWriter, json: unknown, message: Message, path: string, depth: number): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) refuse(path, 'an object', json)
  if (depth > DEPTH_MAX) throw new MeshError('bad_request', `${path} is nested too deep`)
  for (const [key, value] of Object.entries(json)) {
    const field = Object.hasOwn(message, key) ? message[key] : undefined
    if (field === undefined || value === null) continue
    const place = `${path}/${key}`
    if (!field.repeated) writeField(writer, value, field, place, depth)
    else if (!Array.isArray(value)) refuse(place, 'a list', value)
    else value.forEach((item: unknown, index) => writeField(writer, item, field, `${place}/${index}`, depth))
  }
}

function writeField(writer: ByteWriter, value: unknown, { number, type }: Field, path: string, depth: number): void {
  if (typeof type === 'function') writer.message(number, () => writeMessage(writer, value, type(), path, depth + 1))
  else writeScalar(writer, number, type, value, path)
}

function writeScalar(writer: ByteWriter, number: number, type: Scalar, value: unknown, path: string): void {
  switch (type) {
    case 'text':
      if (typeof value !== 'string') refuse(path, 'text', value)
      writer.textField(number, value)
      return
    case 'hex':
      if (typeof value !== 'string') refuse(path, 'hexadecimal text', value)
      // What is not hex is no id: it goes on empty, and the span is refused for it alone.
      writer.field(number, /^(?:[0-9a-fA-F]{2})*$/.test(value) ? Buffer.from(value, 'hex') : NOT_AN_ID)
      return
    case 'base64':
      if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) refuse(path, 'base64 text', value)
      writer.field(number, Buffer.from(value, 'base64'))
      return
    case 'bool':
      if (typeof value !== 'boolean') refuse(path, 'true or false', value)
      writer.tag(number, WIRE.varint)
      writer.varint(value ? 1 : 0)
      return
    case 'enum':
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0x7fffffff) refuse(path, 'the number of an enum value', value)
      writer.tag(number, WIRE.varint)
      writer.varint(value)
      return
    case 'uint32':
    case 'fixed32': {
      const whole = Number(integer(value, path, 0n, 0xffffffffn))
      writer.tag(number, type === 'fixed32' ? WIRE.fixed32 : WIRE.varint)
      if (type === 'fixed32') writer.fixed32(whole)
      else writer.varint(whole)
      return
    }
    case 'sint32': {
      const whole = integer(value, path, -0x80000000n, 0x7fffffffn)
      writer.tag(number, WIRE.varint)
      writer.varint64(whole < 0n ? -whole * 2n - 1n : whole * 2n) // zigzag
      return
    }
    case 'int64':
    case 'uint64':
      writer.tag(number, WIRE.varint)
      writer.varint64(type === 'int64' ? integer(value, path, -INT64 - 1n, INT64) : integer(value, path, 0n, UINT64))
      return
    case 'fixed64':
    case 'sfixed64':
      writer.tag(number, WIRE.fixed64)
      writer.fixed64(type === 'sfixed64' ? integer(value, path, -INT64 - 1n, INT64) : integer(value, path, 0n, UINT64))
      return
    case 'double':
      writer.tag(number, WIRE.fixed64)
      writer.double(double(value, path))
      return
  }
}

const NOT_AN_ID = Buffer.from([0])
const INT64 = 2n ** 63n - 1n
const UINT64 = 2n ** 64n - 1n

function integer(value: unknown, path: string, min: bigint, max: bigint): bigint {
  const isWhole = (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) || (typeof value === 'number' && Number.isInteger(value))
  if (!isWhole) refuse(path, 'a whole number', value)
  const whole = BigInt(value as string | number) // narrowed by isWhole
  if (whole < min || whole > max) refuse(path, `a whole number from ${min} to ${max}`, value)
  return whole
}

function double(value: unknown, path: string): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Infinity
  if (value === '-Infinity') return -Infinity
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  return refuse(path, 'a number', value)
}

function refuse(path: string, takes: string, value: unknown): never {
  throw new MeshError('bad_request', `${path || 'the body'} takes ${takes}, not ${nameOf(value)}`)
}

const SHOWN_MAX = 8

/** What is long may hold a secret, and a sender writes what it is answered into its log. */
function nameOf(value: unknown): string {
  const shown = JSON.stringify(value) ?? 'nothing'
  if (shown.length <= SHOWN_MAX || typeof value === 'number') return shown
  return typeof value === 'string' ? `a text of ${value.length} characters` : Array.isArray(value) ? 'a list' : 'an object'
}
