// Proto3 JSON → the bytes of its message, in one walk, for what the compiler makes: the library's own way builds the message as an object between
// them, which was most of what a proxy cost that came. What is not plain here goes the library's way; so do mistakes, which it names.
import { fromJson, ScalarType, toBinary, type DescEnum, type DescField, type DescMessage, type JsonValue, type Registry } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** Byte for byte what `toBinary(fromJson(…))` makes, and throws what that throws. */
export function jsonToBinary(message: DescMessage, json: JsonValue, registry: Registry): Uint8Array {
  const writer = new BinaryWriter()
  try {
    writeMessage({ writer, registry }, message, json)
    return writer.finish()
  } catch (error) {
    if (error instanceof NotPlain) return byLibrary(message, json, registry)
    throw error
  }
}

class NotPlain extends Error {}

interface To {
  writer: BinaryWriter
  registry: Registry
}

type Write = (to: To, value: JsonValue) => void
interface Step {
  number: number
  oneof: string | null
  write: Write
}

function byLibrary(message: DescMessage, json: JsonValue, registry: Registry): Uint8Array {
  return toBinary(message, fromJson(message, json, { registry }))
}

function writeMessage(to: To, message: DescMessage, json: JsonValue): void {
  const special = SPECIAL[message.typeName]
  if (special) return special(to, json)
  if (message.typeName.startsWith('google.protobuf.')) return void to.writer.raw(byLibrary(message, json, to.registry)) // each with a JSON of its own
  const steps = stepsOf(message)
  const found = Object.entries(fieldsOf(json)).map(([name, value]) => {
    const step = steps.get(name)
    if (!step || value === null || value === undefined) throw new NotPlain()
    return { step, value }
  })
  found.sort((a, b) => a.step.number - b.step.number)
  for (const [at, { step }] of found.entries()) {
    if (step.number === found[at + 1]?.step.number) throw new NotPlain()
    if (step.oneof !== null && found.some((other) => other.step.oneof === step.oneof && other.step !== step)) throw new NotPlain()
  }
  for (const { step, value } of found) step.write(to, value)
}

function fieldsOf(json: JsonValue): { [field: string]: JsonValue } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new NotPlain()
  return json
}

const known = new WeakMap<DescMessage, ReadonlyMap<string, Step>>()

function stepsOf(message: DescMessage): ReadonlyMap<string, Step> {
  let steps = known.get(message)
  if (!steps) {
    steps = new Map(message.fields.flatMap((field) => [field.name, field.jsonName].map((name) => [name, { number: field.number, oneof: field.oneof?.name ?? null, write: writeOf(field) }] as const)))
    known.set(message, steps)
  }
  return steps
}

const IMPLICIT = 2 // FeatureSet_FieldPresence: what is its type's zero is not written

function writeOf(field: DescField): Write {
  const { number } = field
  const skipZero = field.presence === IMPLICIT
  switch (field.fieldKind) {
    case 'scalar':
      return scalarField(number, field.scalar, skipZero)
    case 'enum':
      return ({ writer }, value) => {
        const known = enumNumber(field.enum, value)
        if (known !== 0 || !skipZero) writer.tag(number, WireType.Varint).int32(known)
      }
    case 'message':
      return field.delimitedEncoding ? notPlain : (to, value) => nested(to, number, () => writeMessage(to, field.message, value))
    case 'list':
      return listField(field)
    case 'map':
      return mapField(field)
  }
}

function listField(field: DescField & { fieldKind: 'list' }): Write {
  const { number } = field
  const each = (write: Write): Write => (to, value) => listOf(value).forEach((one) => write(to, one))
  if (field.listKind === 'message') return field.delimitedEncoding ? notPlain : each((to, one) => nested(to, number, () => writeMessage(to, field.message, one)))
  const [type, write]: [WireType, Write] = field.listKind === 'enum' ? [WireType.Varint, ({ writer }, one) => void writer.int32(enumNumber(field.enum, one))] : [wireOf(field.scalar), (to, one) => writeScalar(to.writer, field.scalar, one)]
  if (!field.packed)
    return each((to, one) => {
      to.writer.tag(number, type)
      write(to, one)
    })
  return (to, value) => {
    const list = listOf(value)
    if (list.length > 0) nested(to, number, () => list.forEach((one) => write(to, one)))
  }
}

function mapField(field: DescField & { fieldKind: 'map' }): Write {
  if (field.mapKey !== ScalarType.STRING) return notPlain
  const key = scalarField(1, ScalarType.STRING, false)
  const value: Write =
    field.mapKind === 'message'
      ? (to, one) => nested(to, 2, () => writeMessage(to, field.message, one))
      : field.mapKind === 'scalar'
        ? scalarField(2, field.scalar, false)
        : notPlain
  return (to, json) => {
    for (const [name, one] of Object.entries(fieldsOf(json))) {
      nested(to, field.number, () => {
        key(to, name)
        value(to, one)
      })
    }
  }
}

function nested({ writer }: To, number: number, write: () => void): void {
  writer.tag(number, WireType.LengthDelimited).fork()
  write()
  writer.join()
}

function scalarField(number: number, type: ScalarType, skipZero: boolean): Write {
  const wire = wireOf(type)
  return ({ writer }, value) => {
    if (skipZero && (value === '' || value === 0 || value === '0' || value === false)) {
      if (typeof value !== ZERO_TYPE[type]) throw new NotPlain()
      return
    }
    writer.tag(number, wire)
    writeScalar(writer, type, value)
  }
}

/** What of each type is written here, as JavaScript has it. */
const ZERO_TYPE: Partial<Record<ScalarType, string>> = {
  [ScalarType.STRING]: 'string',
  [ScalarType.BOOL]: 'boolean',
  [ScalarType.UINT32]: 'number',
  [ScalarType.INT32]: 'number',
  [ScalarType.DOUBLE]: 'number',
  [ScalarType.FLOAT]: 'number',
}

function wireOf(type: ScalarType): WireType {
  if (type === ScalarType.STRING || type === ScalarType.BYTES) return WireType.LengthDelimited
  if (type === ScalarType.DOUBLE) return WireType.Bit64
  return type === ScalarType.FLOAT ? WireType.Bit32 : WireType.Varint
}

function writeScalar(writer: BinaryWriter, type: ScalarType, value: JsonValue): void {
  if (type === ScalarType.STRING && typeof value === 'string' && value.isWellFormed()) writer.string(value)
  else if (type === ScalarType.BOOL && typeof value === 'boolean') writer.bool(value)
  else if (type === ScalarType.UINT32 && isWhole(value, 0, 0xffffffff)) writer.uint32(value)
  else if (type === ScalarType.INT32 && isWhole(value, -0x80000000, 0x7fffffff)) writer.int32(value)
  else if (type === ScalarType.DOUBLE && typeof value === 'number' && Number.isFinite(value)) writer.double(value)
  else throw new NotPlain()
}

function isWhole(value: JsonValue, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most && !Object.is(value, -0)
}

function enumNumber({ values }: DescEnum, value: JsonValue): number {
  const found = values.find(({ name }) => name === value)
  if (!found) throw new NotPlain()
  return found.number
}

function listOf(value: JsonValue): JsonValue[] {
  if (!Array.isArray(value)) throw new NotPlain()
  return value
}

function notPlain(): never {
  throw new NotPlain()
}

/** Messages whose JSON is not an object of their fields. https://protobuf.dev/programming-guides/json/ */
const SPECIAL: Record<string, Write> = {
  'google.protobuf.Any': writeAny,
  'google.protobuf.Duration': writeDuration,
  'google.protobuf.BoolValue': scalarField(1, ScalarType.BOOL, true),
  'google.protobuf.UInt32Value': scalarField(1, ScalarType.UINT32, true),
  'google.protobuf.DoubleValue': scalarField(1, ScalarType.DOUBLE, true),
}

function writeAny(to: To, json: JsonValue): void {
  const { '@type': url, ...fields } = fieldsOf(json)
  const message = typeof url === 'string' ? to.registry.getMessage(url.slice(url.lastIndexOf('/') + 1)) : undefined
  if (typeof url !== 'string' || !message || message.typeName.startsWith('google.protobuf.')) throw new NotPlain()
  to.writer.tag(1, WireType.LengthDelimited).string(url)
  const inner = { writer: new BinaryWriter(), registry: to.registry }
  writeMessage(inner, message, fields)
  const bytes = inner.writer.finish()
  if (bytes.length > 0) to.writer.tag(2, WireType.LengthDelimited).bytes(bytes)
}

const WHOLE_SECONDS = /^\d{1,9}s$/

function writeDuration({ writer }: To, json: JsonValue): void {
  const text = typeof json === 'string' ? json : ''
  if (!WHOLE_SECONDS.test(text)) {
    const [, seconds = '', fraction = ''] = /^(\d{1,9})\.(\d{3}|\d{6}|\d{9})s$/.exec(text) ?? notPlain()
    if (Number(seconds) !== 0) writer.tag(1, WireType.Varint).uint32(Number(seconds))
    if (Number(fraction) !== 0) writer.tag(2, WireType.Varint).int32(Number(fraction.padEnd(9, '0')))
    return
  }
  if (text !== '0s') writer.tag(1, WireType.Varint).uint32(Number(text.slice(0, -1)))
}
