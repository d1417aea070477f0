// A whole OTLP request without what the rules take out: rewritten before anything reads it, so that nothing behind this knows a secret.
import { MeshError } from '#server/contracts/errors.ts'
import type { RedactionPlace } from '#server/contracts/redaction.ts'
import type { Field, Message } from '#server/otlp/messages.ts'
import { cursorOf, readLength, readTag, skip, WIRE, type Cursor } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { namesSecret } from './credentials.ts'
import { newRun, type Found, type Redactor, type Run } from './redactor.ts'

/** Messages within messages: a value nested deeper is refused when it is read. */
const DEPTH_MAX = 120
const STAR = 0x2a

export interface Redacted {
  bytes: Buffer
  found: Found
}

interface Walk extends Run {
  redactor: Redactor
  bytes: Buffer
  suspects: readonly number[]
  /** The first suspect that has not been passed. */
  next: number
  isMessage: (key: string) => boolean
}

type Places = readonly RedactionPlace[]
const NAMES: Places = ['names']

/**
 * `bytes` themselves where nothing is taken out. `isMessage` tells keys of prompts and answers. Throws `bad_request` for what is no such
 * message. What Heddle does not know of the protocol keeps its length: stars stand for what was found.
 */
export function redactRequest(redactor: Redactor, bytes: Buffer, schema: Message, isMessage: (key: string) => boolean): Redacted {
  const suspects = redactor.suspects(bytes)
  const run = newRun()
  if (suspects.length === 0 && redactor.everywhere.size === 0) return { bytes, found: run.found }
  const walk: Walk = { ...run, redactor, bytes, suspects, next: 0, isMessage }
  return { bytes: rewrite(walk, cursorOf(bytes), schema, { places: NAMES, secret: false, depth: 0 }) ?? bytes, found: run.found }
}

interface Within {
  places: Places
  /** The key above names a secret: each text in here is one. */
  secret: boolean
  depth: number
}

/** The message that the cursor bounds; null where it may stay. Fields are visited in the order of their bytes, and so are the suspects. */
function rewrite(walk: Walk, cursor: Cursor, schema: Message, within: Within): Buffer | null {
  if (within.depth > DEPTH_MAX) throw new MeshError('bad_request', `the body has messages nested more than ${DEPTH_MAX} deep`)
  const fields = fieldsOf(schema)
  const inside = 'key' in schema ? { ...within, ...meaningOfKey(walk, { ...cursor }, within) } : within
  let writer: ByteWriter | null = null
  let copied = cursor.at
  while (cursor.at < cursor.end) {
    const from = cursor.at
    const tag = readTag(cursor)
    const isBytes = tag % 8 === WIRE.bytes
    const replaced = isBytes ? replaceField(walk, cursor, fields.get(Math.floor(tag / 8)), inside) : replaceNumber(walk, cursor, tag, inside.secret && 'stringValue' in schema)
    if (!replaced) continue
    writer ??= new ByteWriter(cursor.end - copied)
    writer.slice(walk.bytes, copied, from)
    writer.field(isBytes ? Math.floor(tag / 8) : TEXT_FIELD, replaced)
    copied = cursor.at
  }
  if (!writer) return null
  writer.slice(walk.bytes, copied, cursor.end)
  return Buffer.from(writer.done())
}

/** Of the field that the cursor stands in; it is moved behind it. */
function replaceField(walk: Walk, cursor: Cursor, known: Known | undefined, inside: Within): Buffer | null {
  const end = readLength(cursor)
  const { bytes, at } = cursor
  cursor.at = end
  if (!inside.secret && !isLooked(walk, at, end)) return null
  if (!known) return masked(walk, bytes.subarray(at, end))
  const [name, { type }] = known
  const within = placesOf(name, inside)
  if (typeof type === 'function') return rewrite(walk, { bytes, at, end }, messageOf(type), { ...within, depth: within.depth + 1 })
  if (type !== 'text' && type !== 'base64') return null // ids
  if (within.secret && end > at) return walk.redactor.replaceNamed(walk)
  return walk.redactor.replace(bytes.subarray(at, end), within.places, walk)
}

/** A number is a secret by the name of its attribute alone; what stands in its place is a text. */
function replaceNumber(walk: Walk, cursor: Cursor, tag: number, isSecret: boolean): Buffer | null {
  skip(cursor, tag)
  return isSecret && NUMBER_TAGS.has(tag) ? walk.redactor.replaceNamed(walk) : null
}
/** `int_value` and `double_value` of an AnyValue. */
const NUMBER_TAGS = new Set([0x18, 0x21])
const TEXT_FIELD = 1

/** Whether a suspect is in there; those before it have been passed. */
function isLooked(walk: Walk, at: number, end: number): boolean {
  if (walk.redactor.everywhere.size > 0) return true
  const { suspects } = walk
  while (walk.next < suspects.length && suspects[walk.next]! < at) walk.next++
  return walk.next < suspects.length && suspects[walk.next]! < end // below the length
}

/** Of a KeyValue, wherever its key stands. */
function meaningOfKey(walk: Walk, cursor: Cursor, { places, secret }: Within): Pick<Within, 'places' | 'secret'> {
  let key = ''
  while (cursor.at < cursor.end) {
    const tag = readTag(cursor)
    if (tag !== KEY_TAG) skip(cursor, tag)
    else {
      const to = readLength(cursor)
      key = walk.bytes.toString('utf8', cursor.at, to)
      cursor.at = to
    }
  }
  return { places: walk.isMessage(key) ? ['messages'] : places, secret: secret || (walk.redactor.byName && namesSecret(key)) }
}
const KEY_TAG = 0x0a

/** The names of fields tell where in a request one is. A body of a log line, and what an event says, may be a message. */
function placesOf(name: string | undefined, within: Within): Within {
  if (name === 'resource' || (name === 'attributes' && !within.places.includes('messages'))) return { ...within, places: ATTRIBUTES }
  if (name === 'events') return { ...within, places: EVENT }
  if (name === 'logRecords') return { ...within, places: LOG }
  // The key of a secret is none itself.
  return name === 'key' ? { ...within, secret: false } : within
}
const ATTRIBUTES: Places = ['attributes']
const EVENT: Places = ['names', 'attributes', 'messages']
const LOG: Places = ['logs', 'attributes', 'messages']

/** A field of a protocol newer than ours: whether it is a text or a message nobody here knows, so nothing in it moves. */
function masked(walk: Walk, value: Buffer): Buffer | null {
  const replaced = walk.redactor.replace(value, ['attributes', 'messages', 'logs', 'names'], walk)
  if (!replaced) return null
  return Buffer.alloc(value.length, STAR)
}

type Known = readonly [name: string, field: Field]
type Fields = ReadonlyMap<number, Known>
const messages = new WeakMap<() => Message, Message>()
const fieldMaps = new WeakMap<Message, Fields>()

/** Made once: the description of a message makes its parts anew each time. */
function messageOf(type: () => Message): Message {
  const before = messages.get(type)
  if (before) return before
  const message = type()
  messages.set(type, message)
  return message
}

function fieldsOf(schema: Message): Fields {
  const before = fieldMaps.get(schema)
  if (before) return before
  const fields = new Map(Object.entries(schema).map(([name, field]) => [field.number, [name, field] as Known]))
  fieldMaps.set(schema, fields)
  return fields
}
