// The messages of OTLP as data: field names of the JSON form, numbers and types of the protobuf form.
// https://github.com/open-telemetry/opentelemetry-proto

export type Scalar = 'text' | 'hex' | 'base64' | 'bool' | 'enum' | 'uint32' | 'fixed32' | 'int64' | 'uint64' | 'fixed64' | 'sfixed64' | 'sint32' | 'double'
export interface Field {
  number: number
  type: Scalar | (() => Message)
  repeated?: true
}
export type Message = Readonly<Record<string, Field>>

const one = (number: number, type: Field['type']): Field => ({ number, type })
const many = (number: number, type: Field['type']): Field => ({ number, type, repeated: true })

const AnyValue: Message = {
  stringValue: one(1, 'text'),
  boolValue: one(2, 'bool'),
  intValue: one(3, 'int64'),
  doubleValue: one(4, 'double'),
  arrayValue: one(5, () => ({ values: many(1, () => AnyValue) })),
  kvlistValue: one(6, () => ({ values: many(1, () => KeyValue) })),
  bytesValue: one(7, 'base64'),
}
const KeyValue: Message = { key: one(1, 'text'), value: one(2, () => AnyValue) }
const attributes = (number: number) => many(number, () => KeyValue)
export const RESOURCE: Message = { attributes: attributes(1), droppedAttributesCount: one(2, 'uint32') }
export const SCOPE: Message = { name: one(1, 'text'), version: one(2, 'text'), attributes: attributes(3), droppedAttributesCount: one(4, 'uint32') }

const Event: Message = { timeUnixNano: one(1, 'fixed64'), name: one(2, 'text'), attributes: attributes(3), droppedAttributesCount: one(4, 'uint32') }
const Link: Message = { traceId: one(1, 'hex'), spanId: one(2, 'hex'), traceState: one(3, 'text'), attributes: attributes(4), droppedAttributesCount: one(5, 'uint32'), flags: one(6, 'fixed32') }
export const SPAN: Message = {
  traceId: one(1, 'hex'),
  spanId: one(2, 'hex'),
  traceState: one(3, 'text'),
  parentSpanId: one(4, 'hex'),
  name: one(5, 'text'),
  kind: one(6, 'enum'),
  startTimeUnixNano: one(7, 'fixed64'),
  endTimeUnixNano: one(8, 'fixed64'),
  attributes: attributes(9),
  droppedAttributesCount: one(10, 'uint32'),
  events: many(11, () => Event),
  droppedEventsCount: one(12, 'uint32'),
  links: many(13, () => Link),
  droppedLinksCount: one(14, 'uint32'),
  status: one(15, () => ({ message: one(2, 'text'), code: one(3, 'enum') })),
  flags: one(16, 'fixed32'),
}
export const TRACES: Message = {
  resourceSpans: many(1, () => ({
    resource: one(1, () => RESOURCE),
    scopeSpans: many(2, () => ({ scope: one(1, () => SCOPE), spans: many(2, () => SPAN), schemaUrl: one(3, 'text') })),
    schemaUrl: one(3, 'text'),
  })),
}

export const LOG_RECORD: Message = {
  timeUnixNano: one(1, 'fixed64'),
  observedTimeUnixNano: one(11, 'fixed64'),
  severityNumber: one(2, 'enum'),
  severityText: one(3, 'text'),
  body: one(5, () => AnyValue),
  attributes: attributes(6),
  droppedAttributesCount: one(7, 'uint32'),
  flags: one(8, 'fixed32'),
  traceId: one(9, 'hex'),
  spanId: one(10, 'hex'),
  eventName: one(12, 'text'),
}
export const LOGS: Message = {
  resourceLogs: many(1, () => ({
    resource: one(1, () => RESOURCE),
    scopeLogs: many(2, () => ({ scope: one(1, () => SCOPE), logRecords: many(2, () => LOG_RECORD), schemaUrl: one(3, 'text') })),
    schemaUrl: one(3, 'text'),
  })),
}

const Exemplar: Message = { filteredAttributes: attributes(7), timeUnixNano: one(2, 'fixed64'), asDouble: one(3, 'double'), asInt: one(6, 'sfixed64'), spanId: one(4, 'hex'), traceId: one(5, 'hex') }
const point = { startTimeUnixNano: one(2, 'fixed64'), timeUnixNano: one(3, 'fixed64') } satisfies Message
const NumberPoint: Message = { ...point, attributes: attributes(7), asDouble: one(4, 'double'), asInt: one(6, 'sfixed64'), exemplars: many(5, () => Exemplar), flags: one(8, 'uint32') }
const HistogramPoint: Message = {
  ...point,
  attributes: attributes(9),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  bucketCounts: many(6, 'fixed64'),
  explicitBounds: many(7, 'double'),
  exemplars: many(8, () => Exemplar),
  flags: one(10, 'uint32'),
  min: one(11, 'double'),
  max: one(12, 'double'),
}
const Buckets: Message = { offset: one(1, 'sint32'), bucketCounts: many(2, 'uint64') }
const ExponentialPoint: Message = {
  ...point,
  attributes: attributes(1),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  scale: one(6, 'sint32'),
  zeroCount: one(7, 'fixed64'),
  positive: one(8, () => Buckets),
  negative: one(9, () => Buckets),
  flags: one(10, 'uint32'),
  exemplars: many(11, () => Exemplar),
  min: one(12, 'double'),
  max: one(13, 'double'),
  zeroThreshold: one(14, 'double'),
}
const SummaryPoint: Message = { ...point, attributes: attributes(7), count: one(4, 'fixed64'), sum: one(5, 'double'), quantileValues: many(6, () => ({ quantile: one(1, 'double'), value: one(2, 'double') })), flags: one(8, 'uint32') }
const temporality = one(2, 'enum')
const Metric: Message = {
  name: one(1, 'text'),
  description: one(2, 'text'),
  unit: one(3, 'text'),
  gauge: one(5, () => ({ dataPoints: many(1, () => NumberPoint) })),
  sum: one(7, () => ({ dataPoints: many(1, () => NumberPoint), aggregationTemporality: temporality, isMonotonic: one(3, 'bool') })),
  histogram: one(9, () => ({ dataPoints: many(1, () => HistogramPoint), aggregationTemporality: temporality })),
  exponentialHistogram: one(10, () => ({ dataPoints: many(1, () => ExponentialPoint), aggregationTemporality: temporality })),
  summary: one(11, () => ({ dataPoints: many(1, () => SummaryPoint) })),
  metadata: attributes(12),
}
export const METRICS: Message = {
  resourceMetrics: many(1, () => ({
    resource: one(1, () => RESOURCE),
    scopeMetrics: many(2, () => ({ scope: one(1, () => SCOPE), metrics: many(2, () => Metric), schemaUrl: one(3, 'text') })),
    schemaUrl: one(3, 'text'),
  })),
}
