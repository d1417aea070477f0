// OTLP traces, from bytes to rows in one walk. https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
import { checkScope, eachScope } from './scopes.ts'
import { readSpan, type SpanReader } from './spans/read.ts'
import { SpanColumns } from './spans/columns.ts'
import type { ResourceInfo, Sender } from './spans/row.ts'

export interface DecodeOptions {
  sender: Sender
  nowUs: number
  /** A start further back than this cannot be believed. */
  retentionUs: number
  /** Whether prompts and messages of this resource are recorded. */
  recordsContent: (resource: ResourceInfo) => boolean
}

export interface Decoded {
  spans: SpanColumns
  /** Refused spans by reason; the rest of the request is taken. */
  refused: Map<string, number>
  contentDropped: number
}

/** Throws `bad_request` when the bytes are not an ExportTraceServiceRequest. */
export function decodeTraces(bytes: Buffer, options: DecodeOptions): Decoded {
  const decoded: Decoded = { spans: new SpanColumns(bytes), refused: new Map(), contentDropped: 0 }
  eachScope(bytes, (resource, scope, spans) => {
    checkScope(scope)
    const reader: SpanReader = { ...options, recordContent: options.recordsContent(resource), proxy: resource.proxy, group: decoded.spans.groups.length, decoded }
    decoded.spans.groups.push({ sender: options.sender, resource, scope })
    decoded.spans.reserve(spans.length / 2)
    for (let at = 0; at < spans.length; at += 2) readSpan({ bytes, at: spans[at]!, end: spans[at + 1]! }, reader) // pairs
  })
  return decoded
}
