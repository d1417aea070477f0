// OTLP logs, from bytes to rows. Only records of a trace are kept: beside their span they say what happened, and what was said.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
import { cursorOf, eachField, readLength, skip, textOf, type Cursor } from '#server/otlp/wire.ts'
import type { DecodeOptions } from '../decode.ts'
import { readResource } from '../resource.ts'
import { readRecord, type RecordReader } from './record.ts'
import type { LogRow } from './row.ts'

export interface DecodedLogs {
  records: LogRow[]
  refused: Map<string, number>
  contentDropped: number
}

/** Throws `bad_request` when the bytes are not an ExportLogsServiceRequest. */
export function decodeLogs(bytes: Buffer, options: DecodeOptions): DecodedLogs {
  const decoded: DecodedLogs = { records: [], refused: new Map(), contentDropped: 0 }
  const cursor = cursorOf(bytes)
  eachField(cursor, bytes.length, (tag) => {
    if (tag === 0x0a) decodeResourceLogs(cursor, readLength(cursor), options, decoded)
    else skip(cursor, tag)
  })
  return decoded
}

function decodeResourceLogs(cursor: Cursor, end: number, options: DecodeOptions, decoded: DecodedLogs): void {
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
  const reader = { ...options, recordContent: options.recordsContent(resource), decoded }
  for (const [from, to] of scopes) {
    const { scope, records } = readScope({ bytes, at: from, end: to })
    const group = { sender: options.sender, resource, scope }
    for (const [start, stop] of records) readRecord({ bytes, at: start, end: stop }, { ...reader, group } satisfies RecordReader)
  }
}

function readScope(cursor: Cursor): { scope: Buffer; records: [number, number][] } {
  let scope: Buffer = Buffer.alloc(0)
  const records: [number, number][] = []
  eachField(cursor, cursor.end, (tag) => {
    if (tag !== 0x0a && tag !== 0x12) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === 0x0a) scope = cursor.bytes.subarray(cursor.at, to)
    else records.push([cursor.at, to])
    cursor.at = to
  })
  const check = cursorOf(scope)
  eachField(check, scope.length, (tag) => skip(check, tag))
  return { scope, records }
}
