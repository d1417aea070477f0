// What repeats from span to span, said once. Spans of one class share the object, in memory, and the row, in the store.
import { createHash } from 'node:crypto'

/** Whom a span speaks for. */
export interface ServiceRef {
  id: number
  mesh: string
  /** `agent/NAMESPACE/NAME`. */
  node: string
  namespace: string
  version: string
}

/** The part of a class that the span itself says. */
export interface ClassFields {
  kind: number
  status: number
  protocol: number
  httpStatus: number | null
  /** Host that a client span called. */
  peer: string | null
  /** GenAI: what is done, by whom, with which model or tool. */
  operation: string | null
  agent: string | null
  model: string | null
  tool: string | null
}

export interface SpanClass extends ClassFields {
  id: number
  service: ServiceRef
}

export interface ClassRow extends ClassFields {
  id: number
  name: string
}

/** Two spans with one key are of one class; in memory, within a service. */
export function classKey(name: string, fields: ClassFields): string {
  const { peer, operation, agent, model, tool } = fields
  const numbers = ((fields.httpStatus ?? 0) * 8 + fields.kind) * 32 + fields.status * 8 + fields.protocol
  if (peer === null && operation === null && agent === null && model === null && tool === null) return `${name}\0${numbers}`
  return `${name}\0${numbers}\0${peer ?? ''}\0${operation ?? ''}\0${agent ?? ''}\0${model ?? ''}\0${tool ?? ''}`
}

/** The unique key of a row of `telemetry.span_class`. */
export function classHash(serviceId: number, name: string, fields: ClassFields): Buffer {
  return createHash('sha256').update(`${serviceId}\0${classKey(name, fields)}`).digest().subarray(0, 16)
}
