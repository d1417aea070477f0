// What both transports do with the bytes of a request: decode, keep, answer.
import { decodeTraces, type DecodeOptions } from '../decode.ts'
import { isContentKey } from '../attributes.ts'
import type { ContentRules } from '../content-rule.ts'
import type { RedactionRules } from '../redaction-rules.ts'
import { LOGS, METRICS, TRACES, type Message } from '#server/otlp/messages.ts'
import { jsonToProtobuf } from '../json.ts'
import type { IngestCounters } from '../ingest.ts'
import { decodeLogs } from '../logs/decode.ts'
import type { LogRow } from '../logs/row.ts'
import { decodeMetrics } from '../metrics/decode.ts'
import type { ProxyFlush } from '../metrics/flush.ts'
import { WIRE } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { redactRequest } from '#server/redact/request.ts'
import type { Batch } from '../spans/batch.ts'
import type { SpanColumns } from '../spans/columns.ts'
import type { Sender } from '../spans/row.ts'

export const SIGNALS = ['traces', 'metrics', 'logs'] as const
export type Signal = (typeof SIGNALS)[number]
export type Encoding = 'protobuf' | 'json'

/** Part of a request that was not taken; the sender must not send it again. */
export interface Partial {
  rejected: number
  message: string
}

export interface Receiver {
  spans: Batch<SpanColumns>
  proxies: Batch<ProxyFlush>
  logs: Batch<LogRow>
  content: ContentRules
  redaction: RedactionRules
  counters: IngestCounters
  retentionMs: number
}

/** Resolves when everything taken is committed; null when all of it was. */
export async function receive(receiver: Receiver, signal: Signal, encoding: Encoding, body: Buffer, sender: Sender): Promise<Partial | null> {
  const startedAt = Date.now()
  const { schema, take } = TAKES[signal]
  const bytes = encoding === 'json' ? jsonToProtobuf(body, schema) : body
  const partial = await take(receiver, bytes, sender)
  receiver.counters.received(body.length, Date.now() - startedAt)
  return partial
}

function decodeOptions({ content, retentionMs }: Receiver, sender: Sender): DecodeOptions {
  return { sender, nowUs: Date.now() * 1000, retentionUs: retentionMs * 1000, recordsContent: (resource) => content.recordsContent(sender, resource) }
}

/** Who waits together: a sender that proved who it is, else a service by its word. */
function lineOf(sender: Sender, service = ''): string {
  return sender.name === null ? `${sender.mesh} ? ${service}` : `${sender.mesh} ${sender.name}`
}

/** The bytes that may be stored. Metrics have no part in it: of them counters of our own proxies are kept, and no text of anybody. */
function withoutSecrets({ redaction, counters }: Receiver, bytes: Buffer, schema: Message, sender: Sender): Buffer {
  const redacted = redactRequest(redaction.of(sender.mesh), bytes, schema, isContentKey)
  if (redacted.found.size > 0) counters.add({ redacted: redacted.found })
  return redacted.bytes
}

async function receiveTraces(receiver: Receiver, request: Buffer, sender: Sender): Promise<Partial | null> {
  const { spans: batch, counters } = receiver
  const bytes = withoutSecrets(receiver, request, TRACES, sender)
  const { spans, refused, contentDropped } = decodeTraces(bytes, decodeOptions(receiver, sender))
  await batch.add(spans.count === 0 ? [] : [spans], bytes.length, lineOf(sender, spans.groups[0]?.resource.service))
  counters.add({ spans: spans.count, contentDropped, refused })
  return partialOf(refused)
}

async function receiveMetrics({ proxies: batch, counters }: Receiver, bytes: Buffer, sender: Sender): Promise<Partial | null> {
  const { flushes, points, refused } = decodeMetrics(bytes, sender, Date.now())
  await batch.add(flushes, bytes.length, lineOf(sender))
  counters.add({ points, refused })
  return partialOf(refused)
}

async function receiveLogs(receiver: Receiver, request: Buffer, sender: Sender): Promise<Partial | null> {
  const bytes = withoutSecrets(receiver, request, LOGS, sender)
  const { records, refused, contentDropped } = decodeLogs(bytes, decodeOptions(receiver, sender))
  await receiver.logs.add(records, bytes.length, lineOf(sender, records[0]?.group.resource.service))
  receiver.counters.add({ contentDropped, refused })
  return partialOf(refused)
}

const TAKES: Record<Signal, { schema: Message; rejected: string; take: (receiver: Receiver, bytes: Buffer, sender: Sender) => Promise<Partial | null> }> = {
  traces: { schema: TRACES, rejected: 'rejectedSpans', take: receiveTraces },
  metrics: { schema: METRICS, rejected: 'rejectedDataPoints', take: receiveMetrics },
  logs: { schema: LOGS, rejected: 'rejectedLogRecords', take: receiveLogs },
}

const REASONS: Record<string, string> = {
  invalid_trace_id: 'a trace id is 16 bytes, not all zero',
  invalid_span_id: 'a span id is 8 bytes, not all zero',
  invalid_parent_span_id: 'a parent span id is empty or 8 bytes',
  log_without_trace: 'Heddle keeps the log records of traces alone; this one has no trace id',
  not_proxy_metrics: 'Heddle keeps the metrics of its own proxies alone; send spans, and it makes the metrics',
  unattested_proxy: 'metrics of a proxy count when its own telemetry token came with them',
  future_start: 'their start is yet to come; compare the clocks',
}

function partialOf(refused: ReadonlyMap<string, number>): Partial | null {
  if (refused.size === 0) return null
  const rejected = [...refused.values()].reduce((sum, count) => sum + count, 0)
  return { rejected, message: [...refused].map(([reason, count]) => `${count} refused: ${REASONS[reason] ?? reason}`).join('; ') }
}

/** Export*ServiceResponse: `partial_success` is unset when all was taken. */
export function responseProtobuf(partial: Partial | null): Buffer {
  const writer = new ByteWriter(64)
  if (partial)
    writer.message(1, () => {
      writer.tag(1, WIRE.varint)
      writer.varint(partial.rejected)
      writer.textField(2, partial.message)
    })
  return Buffer.from(writer.done())
}

export function responseJson(signal: Signal, partial: Partial | null): string {
  return JSON.stringify(partial ? { partialSuccess: { [TAKES[signal].rejected]: String(partial.rejected), errorMessage: partial.message } } : {})
}
