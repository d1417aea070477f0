// OTLP traces, from bytes to rows in one walk. https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
import { cursorOf, eachField, readLength, readVarint, skip, textOf, type Cursor } from '#server/otlp/wire.ts'
import { readResource } from './resource.ts'
import { readSpan, type SpanReader } from './spans/read.ts'
import type { ResourceInfo, Sender, SpanGroup, SpanRow } from './spans/row.ts'

export interface DecodeOptions {
  sender: Sender
  nowUs: number
  /** A start further back than this cannot be believed. */
  retentionUs: number
  /** Whether prompts and messages of this resource are recorded. */
  recordsContent: (resource: ResourceInfo) => boolean
}

export interface Decoded {
  spans: SpanRow[]
  /** Refused spans by reason; the rest of the request is taken. */
  refused: Map<string, number>
  contentDropped: number
}

/** Throws `bad_request` when the bytes are not an ExportTraceServiceRequest. */
export function decodeTraces(bytes: Buffer, options: DecodeOptions): Decoded {
  const decoded: Decoded = { spans: [], refused: new Map(), contentDropped: 0 }
  const cursor = cursorOf(bytes)
  eachField(cursor, bytes.length, (tag) => {
    if (tag === 0x0a) decodeResourceSpans(cursor, readLength(cursor), options, decoded)
    else skip(cursor, tag)
  })
  return decoded
}

/** The resource may stand behind its spans, so places are found first and read after. */
function decodeResourceSpans(cursor: Cursor, end: number, options: DecodeOptions, decoded: Decoded): void {
  const { bytes } = cursor
  let resourceAt: [number, number] = [0, 0]
  let schemaUrl = ''
  const scopes: [number, number][] = []
  eachField(cursor, end, (tag) => {
    if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === 0x0a) resourceAt = [cursor.at, to]
    else if (tag === 0x12) scopes.push([cursor.at, to])
    else schemaUrl = textOf(bytes, cursor.at, to)
    cursor.at = to
  })
  const resource = readResource(bytes, resourceAt, schemaUrl)
  const reader: SpanReader = { ...options, recordContent: options.recordsContent(resource), proxy: resource.proxy, decoded }
  for (const [from, to] of scopes) decodeScopeSpans({ bytes, at: from, end: to }, to, options.sender, resource, reader)
}

function decodeScopeSpans(cursor: Cursor, end: number, sender: Sender, resource: ResourceInfo, reader: SpanReader): void {
  let scope: Buffer = EMPTY
  const spans: number[] = []
  eachField(cursor, end, (tag) => {
    if (tag !== 0x0a && tag !== 0x12) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === 0x0a) scope = cursor.bytes.subarray(cursor.at, to)
    else spans.push(cursor.at, to)
    cursor.at = to
  })
  validateScope(scope)
  const group: SpanGroup = { sender, resource, scope }
  for (let at = 0; at < spans.length; at += 2) readSpan({ bytes: cursor.bytes, at: spans[at]!, end: spans[at + 1]! }, group, reader) // pairs
}

const EMPTY = Buffer.alloc(0)

function validateScope(scope: Buffer): void {
  const cursor = cursorOf(scope)
  eachField(cursor, scope.length, (tag) => (tag === 0x20 ? void readVarint(cursor) : skip(cursor, tag)))
}
