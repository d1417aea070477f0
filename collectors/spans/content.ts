// Prompts, messages, tool arguments and results leave the span before it is stored: dropped, or kept apart for agents that asked.
import { eachField, readLength, readTag, skip, type Cursor } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { isEventContent, SLOT } from '../attributes.ts'
import { checkValue } from '../values.ts'
import type { Slots } from './meaning.ts'

/** A field of the span that may have to go: an attribute that is content, an event to look into, a URL with a query. */
export interface Cut {
  kind: 'attribute' | 'event' | 'url'
  from: number
  bodyFrom: number
  to: number
}

export interface Kept {
  /** Null: the very bytes that came. */
  bytes: Buffer | null
  /** What was cut, when it may be recorded. */
  content: Buffer | null
  /** Values dropped for good. */
  dropped: number
}

export interface ContentRule {
  recordContent: boolean
  proxy: boolean
}

const EVENT_FIELD = 11
const EVENT_ATTRIBUTE_TAG = 0x1a

/** The span in `[start, end)` without its content. */
export function cutContent(bytes: Buffer, start: number, end: number, cuts: readonly Cut[], rule: ContentRule, slots: Slots): Kept {
  let kept: ByteWriter | null = null
  let content: ByteWriter | null = null
  let dropped = 0
  let copied = start
  for (const cut of cuts) {
    const split = cut.kind === 'event' ? splitEvent(bytes, cut) : null
    if (cut.kind === 'event' && split === null) continue
    if (cut.kind === 'url' && !(rule.proxy && String(slots[SLOT.url]).includes('?'))) continue
    kept ??= new ByteWriter(end - start)
    kept.slice(bytes, copied, cut.from)
    copied = cut.to
    if (cut.kind === 'url') {
      writeUrl(kept, String(slots[SLOT.url]).split('?', 1)[0]!) // split always gives a first part
      continue
    }
    if (split) kept.field(EVENT_FIELD, split.rest)
    if (!rule.recordContent) {
      dropped += split?.values ?? 1
      continue
    }
    content ??= new ByteWriter(cut.to - cut.from)
    if (split) content.field(EVENT_FIELD, split.content)
    else content.slice(bytes, cut.from, cut.to)
  }
  if (kept === null) return { bytes: null, content: null, dropped: 0 }
  kept.slice(bytes, copied, end)
  return { bytes: kept.done(), content: content?.done() ?? null, dropped }
}

/** An event in two: without its content, and with nothing else but its name and time. Null when it has none. */
function splitEvent(bytes: Buffer, cut: Cut): { rest: Buffer; content: Buffer; values: number } | null {
  const cursor: Cursor = { bytes, at: cut.bodyFrom, end: cut.to }
  let name = ''
  const attributes: { from: number; to: number; key: Place }[] = []
  eachField(cursor, cut.to, (tag) => {
    if (tag === EVENT_ATTRIBUTE_TAG) attributes.push({ from: -1, to: readLength(cursor), key: NOWHERE })
    else if (tag !== 0x12) return skip(cursor, tag)
    if (tag === 0x12) {
      const to = readLength(cursor)
      name = bytes.toString('utf8', cursor.at, to)
      cursor.at = to
      return
    }
    const attribute = attributes.at(-1)! // pushed above
    attribute.from = cursor.at
    attribute.key = readKey(cursor, attribute.to)
  })
  const hidden = attributes.filter((attribute) => isEventContent(name, bytes, ...attribute.key))
  if (hidden.length === 0) return null
  const rest = new ByteWriter(cut.to - cut.bodyFrom)
  const content = new ByteWriter(cut.to - cut.bodyFrom)
  const again: Cursor = { bytes, at: cut.bodyFrom, end: cut.to }
  while (again.at < cut.to) {
    const from = again.at
    const tag = readTag(again)
    const bodyFrom = tag === EVENT_ATTRIBUTE_TAG ? afterLength(again) : -1
    if (tag !== EVENT_ATTRIBUTE_TAG) skip(again, tag)
    const isHidden = hidden.some((attribute) => attribute.from === bodyFrom)
    if (!isHidden) rest.slice(bytes, from, again.at)
    if (isHidden || tag === 0x12 || tag === 0x09) content.slice(bytes, from, again.at)
  }
  return { rest: rest.done(), content: content.done(), values: hidden.length }
}

/** Moves behind a length-delimited field and answers where its body began. */
function afterLength(cursor: Cursor): number {
  const to = readLength(cursor)
  const bodyFrom = cursor.at
  cursor.at = to
  return bodyFrom
}

type Place = readonly [from: number, to: number]
const NOWHERE: Place = [0, 0]

/** Where the key of a KeyValue is; its value is walked so that it can be read back. */
function readKey(cursor: Cursor, end: number): Place {
  let key = NOWHERE
  eachField(cursor, end, (tag) => {
    if (tag !== 0x0a && tag !== 0x12) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === 0x12) return checkValue(cursor, to)
    key = [cursor.at, to]
    cursor.at = to
  })
  return key
}

/** An Envoy writes whole URLs; their query may hold what nobody meant to record. */
function writeUrl(writer: ByteWriter, url: string): void {
  writer.message(9, () => {
    writer.textField(1, 'http.url')
    writer.message(2, () => writer.textField(1, url))
  })
}
