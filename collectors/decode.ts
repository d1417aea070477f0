// OTLP traces, from bytes to rows in one walk. https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
import { checkScope, eachScope } from './scopes.ts'
import { readSpan, type SpanReader } from './spans/read.ts'
import type { ResourceInfo, Sender, SpanRow } from './spans/row.ts'

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
  eachScope(bytes, (resource, scope, spans) => {
    checkScope(scope)
    const reader: SpanReader = { ...options, recordContent: options.recordsContent(resource), proxy: resource.proxy, decoded }
    const group = { sender: options.sender, resource, scope }
    for (let at = 0; at < spans.length; at += 2) readSpan({ bytes, at: spans[at]!, end: spans[at + 1]! }, group, reader) // pairs
  })
  return decoded
}
