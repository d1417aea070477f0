// OTLP logs, from bytes to rows. Only records of a trace are kept: beside their span they say what happened, and what was said.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
import type { DecodeOptions } from '../decode.ts'
import { checkScope, eachScope } from '../scopes.ts'
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
  eachScope(bytes, (resource, scope, records) => {
    checkScope(scope)
    const reader: RecordReader = { ...options, recordContent: options.recordsContent(resource), group: { sender: options.sender, resource, scope }, decoded }
    for (let at = 0; at < records.length; at += 2) readRecord({ bytes, at: records[at]!, end: records[at + 1]! }, reader) // pairs
  })
  return decoded
}
