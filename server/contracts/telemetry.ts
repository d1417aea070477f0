/** Shapes of the graph and of traces. Times are ISO 8601 UTC, durations milliseconds, ids lower-case hex. */
import { z } from 'zod'

export const NodeKind = z.enum(['agent', 'agentversion', 'tool', 'model', 'gateway', 'external', 'unknown'])
export type NodeKind = z.infer<typeof NodeKind>

export const Health = z.enum(['healthy', 'degraded', 'failing', 'idle', 'unknown'])
export type Health = z.infer<typeof Health>

const Counts = z.object({ requests: z.number(), errors: z.number() })
export const Latency = z.object({ p50: z.number(), p95: z.number(), p99: z.number() })
export type Latency = z.infer<typeof Latency>

export const GraphNode = z.object({
  /** `agent/default/translator`, `agentversion/default/translator-v2`, `external/api.example.com`, `unknown/…`. */
  id: z.string(),
  kind: NodeKind,
  namespace: z.string().nullable(),
  name: z.string(),
  version: z.string().nullable(),
  health: Health,
  labels: z.record(z.string(), z.string()),
  /** Shares of what this agent received in the window, by version. */
  versions: z.array(z.object({ version: z.string(), requests: z.number(), errors: z.number() })),
})
export type GraphNode = z.infer<typeof GraphNode>

/** A request is a final answer or a local failure; an error is 5xx, reset, timeout or no endpoint; 4xx is refused, counted apart. */
export const GraphEdge = z.object({
  id: z.string(),
  source: z.string(),
  target: z.string(),
  protocol: z.string(),
  requests: z.number(),
  errors: z.number(),
  refused: z.number(),
  retries: z.number(),
  bytesSent: z.number().nullable(),
  bytesReceived: z.number().nullable(),
  durationMs: z.number().nullable(),
  latencyMs: Latency.nullable(),
  mtlsShare: z.number().min(0).max(1).nullable(),
  evidence: z.object({ mesh: Counts.nullable(), spans: Counts.nullable() }),
})
export type GraphEdge = z.infer<typeof GraphEdge>

export const Graph = z.object({ from: z.string(), to: z.string(), nodes: z.array(GraphNode), edges: z.array(GraphEdge) })
export type Graph = z.infer<typeof Graph>

export const TraceSummary = z.object({
  traceId: z.string(),
  rootService: z.string(),
  rootOperation: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  spans: z.number().int(),
  errors: z.number().int(),
  services: z.array(z.object({ name: z.string(), spans: z.number().int() })),
  tokens: z.object({ input: z.number(), output: z.number() }).nullable(),
})
export type TraceSummary = z.infer<typeof TraceSummary>

/** An attribute that a search asks for: of a span, of one of its events or of its resource. */
export interface AttributeCondition {
  key: string
  value: string
}

export const ATTRIBUTES_MAX = 4

/** `http.route=/tasks`: the name ends at the first “=”. Null for a text without one, without a name, or longer than a search takes. */
export function parseAttribute(text: string): AttributeCondition | null {
  const at = text.indexOf('=')
  return at > 0 && at <= 256 && text.length <= 1024 ? { key: text.slice(0, at), value: text.slice(at + 1) } : null
}

/** A name that spans carry, with some of its values, most frequent first. */
export const AttributeName = z.object({ name: z.string(), values: z.array(z.string()) })
export type AttributeName = z.infer<typeof AttributeName>

/** Any OTLP AnyValue as JSON; bytes are base64 in `{bytesValue}`. */
const AttributeValue: z.ZodType<unknown> = z.unknown()

export const Span = z.object({
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  service: z.string(),
  name: z.string(),
  kind: z.enum(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']),
  startedAt: z.string(),
  /** From the start of the trace. */
  offsetMs: z.number(),
  durationMs: z.number(),
  status: z.enum(['unset', 'ok', 'error']),
  statusMessage: z.string(),
  scope: z.string(),
  /** SPIFFE id or token name of who sent it; null is unattested. */
  sender: z.string().nullable(),
  attributes: z.array(z.object({ key: z.string(), value: AttributeValue })),
  resource: z.array(z.object({ key: z.string(), value: AttributeValue })),
  events: z.array(z.object({ name: z.string(), offsetMs: z.number(), attributes: z.array(z.object({ key: z.string(), value: AttributeValue })) })),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  /** Messages of it are recorded, and not in this answer: `POST /traces/{traceId}/reveal` asks for a reason. */
  messagesHidden: z.boolean().optional(),
  genAi: z
    .object({
      operation: z.string().nullable(),
      agent: z.string().nullable(),
      model: z.string().nullable(),
      tool: z.string().nullable(),
      conversation: z.string().nullable(),
      inputTokens: z.number().nullable(),
      outputTokens: z.number().nullable(),
      messages: z.array(z.object({ role: z.string(), content: z.string() })),
    })
    .nullable(),
})
export type Span = z.infer<typeof Span>

export const Trace = z.object({ traceId: z.string(), startedAt: z.string(), durationMs: z.number(), spans: z.array(Span), truncated: z.boolean() })
export type Trace = z.infer<typeof Trace>

/** A span among those of the same service and operation. */
export const SpanPeers = z.object({
  service: z.string(),
  operation: z.string(),
  from: z.string(),
  to: z.string(),
  /** Of the span itself. */
  durationMs: z.number(),
  spans: z.number().int(),
  /** Of them, those that took less than it. */
  shorter: z.number().int(),
  failed: z.number().int(),
  latencyMs: Latency.nullable(),
  /** From short to long without a gap. */
  bars: z.array(z.object({ fromMs: z.number(), toMs: z.number(), count: z.number().int(), failed: z.number().int() })),
  /** Where looking stopped, as there were too many; null when all of the window was seen. */
  backTo: z.string().nullable(),
})
export type SpanPeers = z.infer<typeof SpanPeers>

const Column = z.array(z.number())
/** A long trace by its columns, each as long as the trace, in order of time: what a waterfall draws. A span in full is asked for alone. */
export const TraceColumns = z.object({
  traceId: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  /** More spans are stored than are here. */
  truncated: z.boolean(),
  services: z.array(z.string()),
  names: z.array(z.string()),
  conversation: z.string().nullable(),
  spanIds: z.array(z.string()),
  parentIds: z.array(z.string().nullable()),
  /** Places in `services` and `names`. */
  service: Column,
  name: Column,
  kind: z.array(Span.shape.kind),
  status: z.array(Span.shape.status),
  offsetMs: Column,
  durationsMs: Column,
  /** 1 for the span of a proxy. */
  proxy: Column,
  inputTokens: z.array(z.number().nullable()),
  outputTokens: z.array(z.number().nullable()),
})
export type TraceColumns = z.infer<typeof TraceColumns>

const Called = Counts.extend({ refused: z.number(), tokens: z.object({ input: z.number(), output: z.number() }) })

/** Steps of equal length over a window; `version` null is all of the edge together. Tokens are those of model calls on these edges. */
export const Series = z.object({
  from: z.string(),
  to: z.string(),
  stepMs: z.number().int(),
  /** The whole window, all versions. */
  total: Called.extend({ latencyMs: Latency.nullable() }),
  series: z.array(
    z.object({
      version: z.string().nullable(),
      /** `inFlight`: calls under way at once, on average: the time that they took by the time that passed. */
      points: z.array(Called.extend({ at: z.string(), inFlight: z.number(), p50Ms: z.number().nullable(), p95Ms: z.number().nullable(), p99Ms: z.number().nullable() })),
    }),
  ),
})
export type Series = z.infer<typeof Series>

/** What the failed and refused answers of a window were, and which models its tokens went to. */
export const Breakdown = z.object({
  from: z.string(),
  to: z.string(),
  /** Most frequent first; `what` is `503`, `no HTTP status` or the like. */
  kinds: z.array(z.object({ what: z.string(), refused: z.boolean(), calls: z.number().int() })),
  /** Calls that were looked at for `kinds`. */
  looked: z.number().int(),
  /** Where looking stopped, as there were too many calls; null when all of the window was seen. */
  kindsBackTo: z.string().nullable(),
  models: z.array(z.object({ model: z.string(), calls: z.number().int(), tokens: z.object({ input: z.number(), output: z.number() }), cost: z.number().nullable() })),
  modelsBackTo: z.string().nullable(),
  /** Null when nothing has a price. */
  currency: z.string().nullable(),
})
export type Breakdown = z.infer<typeof Breakdown>

/** What telemetry takes on disk, and what it may take. */
export const TelemetryStorage = z.object({
  bytes: z.number(),
  bytesMax: z.number(),
  retentionMs: z.number(),
  days: z.array(z.object({ day: z.string(), bytes: z.number() })),
  /** Whether the store has the extension Citus, and telemetry is spread over its workers. docs/citus.md */
  citus: z.boolean(),
})
export type TelemetryStorage = z.infer<typeof TelemetryStorage>
