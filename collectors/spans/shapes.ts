// The shape of a span: its name and all that repeats from span to span, found again without making text or an object of it.
import { ByteTable } from '#server/otlp/byte-table.ts'
import { storableText } from '#server/otlp/wire.ts'
import { classKey, type ClassFields } from './span-class.ts'

export interface Shape {
  name: string
  fields: ClassFields
  /** `classKey` of both. */
  key: string
}

/** A span name with the shapes that its spans had last. */
export interface KnownName {
  text: string
  recent: Shape[]
  next: number
}

const SHAPES_MAX = 20_000
const RECENT = 4
const byKey = new Map<string, Shape>()

export const names = new ByteTable<KnownName>(8192, (bytes, from, to) => ({ text: storableText(bytes.toString('utf8', from, to)), recent: [], next: 0 }))
export const NO_NAME: KnownName = { text: '', recent: [], next: 0 }

/** The one shape of this name and these fields, which are copied; the very same object as before, as long as it is remembered. */
export function shapeOf(name: KnownName, fields: ClassFields): Shape {
  for (const shape of name.recent) if (isSame(shape.fields, fields)) return shape
  const key = classKey(name.text, fields)
  let shape = byKey.get(key)
  if (!shape) {
    const { kind, status, protocol, httpStatus, peer, operation, agent, model, tool } = fields
    shape = { name: name.text, fields: { kind, status, protocol, httpStatus, peer, operation, agent, model, tool }, key }
    if (byKey.size === SHAPES_MAX) byKey.clear() // what repeats is soon back
    byKey.set(key, shape)
  }
  name.recent[name.next++ % RECENT] = shape
  return shape
}

function isSame(a: ClassFields, b: ClassFields): boolean {
  return a.kind === b.kind && a.status === b.status && a.protocol === b.protocol && a.httpStatus === b.httpStatus && a.peer === b.peer &&
    a.operation === b.operation && a.agent === b.agent && a.model === b.model && a.tool === b.tool
}
