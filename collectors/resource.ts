import { cursorOf, eachField, readLength, skip, storableText } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { readScalar, checkValue } from './values.ts'
import type { ResourceInfo } from './spans/row.ts'

const NAME_MAX = 255

/** Field of the schema URL behind a kept Resource; the Resource message itself ends far below. */
export const SCHEMA_URL_FIELD = 100

/** Reads `[from, to)` of `bytes` as an OTLP Resource. A resource without a name is `unknown_service`, as SDKs say. */
export function readResource(bytes: Buffer, [from, to]: readonly [number, number], schemaUrl: string): ResourceInfo {
  const values = new Map<string, string>()
  const cursor = cursorOf(bytes)
  cursor.at = from
  eachField(cursor, to, (tag) => {
    if (tag !== 0x0a) return skip(cursor, tag)
    readAttribute(readLength(cursor))
  })
  return {
    bytes: keep(bytes.subarray(from, to), schemaUrl),
    namespace: cut(values.get('service.namespace') || 'default'),
    service: cut(values.get('service.name') || 'unknown_service'),
    version: cut(values.get('service.version') ?? ''),
    instance: cut(values.get('service.instance.id') ?? ''),
    // A `heddle.proxy` of a sender that is no proxy harms nobody: its spans are then no evidence at all.
    proxy: values.get('heddle.proxy') === 'true',
  }

  function readAttribute(end: number): void {
    let key = ''
    eachField(cursor, end, (tag) => {
      if (tag !== 0x0a && tag !== 0x12) return skip(cursor, tag)
      const fieldEnd = readLength(cursor)
      if (tag === 0x0a) {
        key = cursor.bytes.toString('utf8', cursor.at, fieldEnd)
        cursor.at = fieldEnd
      } else if (KEYS.has(key)) values.set(key, String(readScalar(cursor, fieldEnd) ?? ''))
      else checkValue(cursor, fieldEnd)
    })
  }
}

const KEYS = new Set(['service.namespace', 'service.name', 'service.version', 'service.instance.id', 'heddle.proxy'])

function cut(text: string): string {
  return storableText(text).slice(0, NAME_MAX).toWellFormed()
}

function keep(resource: Buffer, schemaUrl: string): Buffer {
  if (schemaUrl === '') return resource
  const writer = new ByteWriter(resource.length + schemaUrl.length + 16)
  writer.raw(resource)
  writer.textField(SCHEMA_URL_FIELD, schemaUrl)
  return writer.done()
}
