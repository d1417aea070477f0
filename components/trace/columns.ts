// A long trace comes by columns and is drawn like any other; what a span says in full is asked for when it is selected.
import type { Span, Trace, TraceColumns } from '#server/contracts/telemetry.ts'

/** A trace as the page shows it; `brief` spans have no attributes, events, links nor sender. */
export interface ShownTrace extends Trace {
  brief: boolean
}

export function shownTrace(answer: Trace | TraceColumns): ShownTrace {
  return 'spans' in answer ? { ...answer, brief: false } : fromColumns(answer)
}

// What a proxy's span says of itself, which is how hops are told.
const OF_PROXY: Span['attributes'] = [{ key: 'component', value: 'proxy' }]

function fromColumns(columns: TraceColumns): ShownTrace {
  const startMs = Date.parse(columns.startedAt)
  const conversationAt = columns.conversation === null ? -1 : 0
  const spans = columns.spanIds.map((spanId, at): Span => {
    const offsetMs = columns.offsetMs[at]! // columns are equally long
    const [input, output] = [columns.inputTokens[at] ?? null, columns.outputTokens[at] ?? null]
    const spoken = input !== null || output !== null || at === conversationAt
    return {
      spanId,
      parentSpanId: columns.parentIds[at] ?? null,
      service: columns.services[columns.service[at]!]!, // a place in the list
      name: columns.names[columns.name[at]!]!, // as above
      kind: columns.kind[at]!,
      startedAt: new Date(startMs + offsetMs).toISOString(),
      offsetMs,
      durationMs: columns.durationsMs[at]!,
      status: columns.status[at]!,
      statusMessage: '',
      scope: '',
      sender: null,
      attributes: columns.proxy[at] === 1 ? OF_PROXY : [],
      resource: [],
      events: [],
      links: [],
      genAi: spoken ? { operation: null, agent: null, model: null, tool: null, conversation: at === conversationAt ? columns.conversation : null, inputTokens: input, outputTokens: output, messages: [] } : null,
    }
  })
  return { traceId: columns.traceId, startedAt: columns.startedAt, durationMs: columns.durationMs, truncated: columns.truncated, spans, brief: true }
}
