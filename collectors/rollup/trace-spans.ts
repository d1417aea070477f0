// What is asked of the spans of one trace, whoever asks. Pure.
import { FLAG, KIND } from '../spans/row.ts'
import type { CallSpan } from './call-span.ts'

const MODEL_OPERATIONS = new Set(['chat', 'generate_content', 'text_completion', 'embeddings'])
/** So far a chain of parents is followed: one that loops ends. */
export const DEPTH_MAX = 64

export const isProxy = (span: CallSpan) => (span.flags & FLAG.proxy) !== 0
export const outcomeOf = (span: CallSpan): 'ok' | 'error' | 'refused' => ((span.flags & FLAG.error) !== 0 ? 'error' : (span.flags & FLAG.refused) !== 0 ? 'refused' : 'ok')
export const isModelCall = ({ class: { model, operation } }: CallSpan) => model !== null && operation !== null && MODEL_OPERATIONS.has(operation)

/** Proxies are walked through: they carry a call, they do not make it. Where a proxy and an agent share an id, the agent's is meant. */
export function parentsOf(spans: readonly CallSpan[]): Map<CallSpan, CallSpan> {
  const byId = new Map<string, CallSpan>()
  for (const span of spans) if (!byId.has(span.spanId) || !isProxy(span)) byId.set(span.spanId, span)
  const parents = new Map<CallSpan, CallSpan>()
  for (const span of spans) {
    let at = span.parentId === null ? undefined : byId.get(span.parentId)
    for (let depth = 0; at && isProxy(at) && depth < DEPTH_MAX; depth++) at = at.parentId === null ? undefined : byId.get(at.parentId)
    if (at && at !== span && !isProxy(at)) parents.set(span, at)
  }
  return parents
}

/** An agent at work inside the service: calls under it are its own, it is not one of them. */
export function isOwnWork(span: CallSpan): boolean {
  return span.class.kind !== KIND.client && span.class.operation === 'invoke_agent'
}

const MESH_HOST = /^([a-z0-9-]+)\.([a-z0-9-]+)\.mesh$/

/** The agent of a name of the mesh. */
export function agentOfHost(host: string): string | null {
  if (!host.endsWith('.mesh')) return null
  const match = MESH_HOST.exec(host)
  return match ? `agent/${match[2]}/${match[1]}` : null
}
