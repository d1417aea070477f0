// Which calls a trace shows. Pure: all spans of one trace in, calls out; so a late span, or one sent twice, just gives another answer.
import { FLAG, KIND, PROTOCOL } from '../spans/row.ts'

export interface CallSpan {
  spanId: string
  parentId: string | null
  serviceId: number
  /** `agent/NAMESPACE/NAME` of the service. */
  node: string
  namespace: string
  version: string
  timeUs: number
  durationUs: number
  flags: number
  kind: number
  protocol: number
  peer: string | null
  bytesSent: number | null
  bytesReceived: number | null
  operation: string | null
  agent: string | null
  model: string | null
  tool: string | null
  inputTokens: number | null
  outputTokens: number | null
}

export interface Call {
  source: string
  sourceVersion: string
  target: string
  targetVersion: string
  protocol: string
  evidence: 'mesh' | 'spans'
  timeUs: number
  durationUs: number
  outcome: 'ok' | 'error' | 'refused'
  retries: number
  bytesSent: number
  bytesReceived: number
  inputTokens: number
  outputTokens: number
}

export interface TraceCalls {
  calls: Call[]
  /** A call without a callee's span is counted by what the caller says of its peer, once this long has passed; null when none waits. */
  waitingSinceUs: number | null
}

/** How long a callee's span may take to come before the caller's own word counts. Later ones still correct it. */
export const PEER_WAIT_US = 8e6
const PROTOCOLS = ['', 'http', 'grpc', 'a2a', 'mcp', 'https']
const MODEL_OPERATIONS = new Set(['chat', 'generate_content', 'text_completion', 'embeddings'])
const DEPTH_MAX = 64

interface Known {
  spans: CallSpan[]
  /** By span id; agents' own spans before proxies' where both have one. */
  byId: Map<string, CallSpan>
  /** Own spans whose call, or one under them, was seen to arrive at another service. */
  answered: Set<CallSpan>
}

export function callsOfTrace(sent: readonly CallSpan[], nowUs: number): TraceCalls {
  const spans = [...new Map(sent.map((span) => [`${span.spanId} ${span.serviceId}`, span])).values()]
  const byId = new Map<string, CallSpan>()
  for (const span of spans) if (!byId.has(span.spanId) || !isProxy(span)) byId.set(span.spanId, span)
  const known: Known = { spans, byId, answered: new Set() }
  const calls = [...joinedCalls(known), ...tunnels(known)]
  const guessed = peerCalls(known, nowUs)
  return { calls: [...calls, ...guessed.calls], waitingSinceUs: guessed.waitingSinceUs }
}

const isProxy = (span: CallSpan) => (span.flags & FLAG.proxy) !== 0
const outcomeOf = (span: CallSpan): Call['outcome'] => ((span.flags & FLAG.error) !== 0 ? 'error' : (span.flags & FLAG.refused) !== 0 ? 'refused' : 'ok')
const protocolOf = (span: CallSpan) => PROTOCOLS[span.protocol] ?? ''

/** Ancestors from the parent up, proxies left out: they carry the call, they do not make it. */
function* ownAncestors(span: CallSpan, { byId }: Known): Generator<CallSpan> {
  let at = span
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const parent = at.parentId === null ? undefined : byId.get(at.parentId)
    if (!parent || parent === at) return
    if (!isProxy(parent)) yield parent
    at = parent
  }
}

/** A server's span whose caller is another service. Several under one client span are tries of one call: the last one is its answer. */
function joinedCalls(known: Known): Call[] {
  const tries = new Map<CallSpan, CallSpan[]>()
  const calls: Call[] = []
  for (const span of known.spans) {
    if (isProxy(span) || (span.kind !== KIND.server && span.kind !== KIND.consumer)) continue
    const [caller] = ownAncestors(span, known)
    if (!caller || (caller.node === span.node && caller.kind !== KIND.client)) continue
    markAnswered(caller, known)
    if (caller.kind === KIND.client) tries.set(caller, [...(tries.get(caller) ?? []), span])
    else calls.push(callBetween(caller, span, span, 0))
  }
  for (const [caller, answers] of tries) {
    answers.sort((a, b) => a.timeUs - b.timeUs)
    calls.push(callBetween(caller, answers.at(-1)!, caller, answers.length - 1)) // a list begins with one
  }
  return calls
}

function markAnswered(caller: CallSpan, known: Known): void {
  known.answered.add(caller)
  for (const above of ownAncestors(caller, known)) {
    if (above.serviceId !== caller.serviceId || above.kind === KIND.server) return
    known.answered.add(above)
  }
}

function callBetween(caller: CallSpan, callee: CallSpan, timed: CallSpan, retries: number): Call {
  return {
    source: caller.node,
    sourceVersion: caller.version,
    target: callee.node,
    targetVersion: callee.version,
    protocol: protocolOf(callee) || protocolOf(caller),
    evidence: 'spans',
    timeUs: timed.timeUs,
    durationUs: timed.durationUs,
    outcome: outcomeOf(callee),
    retries,
    bytesSent: 0,
    bytesReceived: 0,
    inputTokens: 0,
    outputTokens: 0,
  }
}

/** Calls that left the mesh through a proxy, by the proxy's own span: the mesh's evidence of an external edge. */
function tunnels({ spans }: Known): Call[] {
  return spans
    .filter((span) => isProxy(span) && span.kind === KIND.server && span.peer !== null)
    .map((span) => ({ ...oneSided(span, span.node, `external/${span.peer}`), evidence: 'mesh', bytesSent: span.bytesSent ?? 0, bytesReceived: span.bytesReceived ?? 0 }))
}

/** Calls of which only the caller speaks: GenAI operations, then client spans to a named host. */
function peerCalls(known: Known, nowUs: number): TraceCalls {
  const calls: Call[] = []
  let waitingSinceUs: number | null = null
  for (const span of known.spans) {
    if (isProxy(span) || known.answered.has(span)) continue
    const call = genAiCall(span, known) ?? hostCall(span, known)
    if (call === null) continue
    const endUs = span.timeUs + span.durationUs
    if (nowUs - endUs > PEER_WAIT_US) calls.push(call)
    else waitingSinceUs = Math.min(waitingSinceUs ?? endUs, endUs)
  }
  return { calls, waitingSinceUs }
}

function genAiCall(span: CallSpan, known: Known): Call | null {
  if (span.operation === null) return null
  const inside = ownAncestors(span, known)
  const source = actorOf(span, known)
  if (MODEL_OPERATIONS.has(span.operation) && span.model !== null) {
    // A framework's span and its client library's are often nested and tell of one call: the inner one is it.
    if (hasInner(span, known)) return null
    return oneSided(span, source, `model/${span.namespace}/${span.model}`)
  }
  if (span.operation === 'execute_tool' && span.tool !== null) return oneSided(span, source, `tool/${span.namespace}/${span.tool}`)
  if (span.operation !== 'invoke_agent' || span.agent === null) return null
  const target = `agent/${span.namespace}/${span.agent}`
  const isOutermost = ![...inside].some((above) => above.serviceId === span.serviceId && above.operation === 'invoke_agent')
  if (target === source || (isOutermost && span.kind !== KIND.client)) return null // the service itself at work
  return oneSided(span, source, target)
}

/** The agent in whose work a span stands: the nearest nested `invoke_agent` above, else its service. The outermost one is the service. */
function actorOf(span: CallSpan, known: Known): string {
  const invocations = [...ownAncestors(span, known)].filter((above) => above.serviceId === span.serviceId && above.operation === 'invoke_agent')
  const nearest = invocations[0]
  return nearest && invocations.length > 1 && nearest.agent !== null ? `agent/${nearest.namespace}/${nearest.agent}` : span.node
}

function hasInner(span: CallSpan, known: Known): boolean {
  return known.spans.some((other) => other.parentId === span.spanId && other.operation !== null && MODEL_OPERATIONS.has(other.operation) && other.model !== null)
}

/** A client span to a host. Under a GenAI operation it is that operation's own call, told there. */
function hostCall(span: CallSpan, known: Known): Call | null {
  if (span.kind !== KIND.client || span.peer === null || isHere(span.peer)) return null
  for (const above of ownAncestors(span, known)) {
    if (above.serviceId !== span.serviceId || above.kind === KIND.server) break
    if (above.kind === KIND.client && above.peer !== null) return null // the outer client span tells of the same call
    if (above.operation !== null && (MODEL_OPERATIONS.has(above.operation) || above.operation === 'execute_tool')) return null
  }
  const mesh = /^([a-z0-9-]+)\.([a-z0-9-]+)\.mesh$/.exec(span.peer)
  return oneSided(span, actorOf(span, known), mesh ? `agent/${mesh[2]}/${mesh[1]}` : `external/${span.peer}`)
}

/** A proxy's own address says nothing of whom the call was for. */
function isHere(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.')
}

function oneSided(span: CallSpan, source: string, target: string): Call {
  return {
    source,
    sourceVersion: source === span.node ? span.version : '',
    target,
    targetVersion: '',
    protocol: span.protocol === PROTOCOL.none && span.operation !== null ? 'genai' : protocolOf(span),
    evidence: 'spans',
    timeUs: span.timeUs,
    durationUs: span.durationUs,
    outcome: outcomeOf(span),
    retries: 0,
    bytesSent: 0,
    bytesReceived: 0,
    inputTokens: span.inputTokens ?? 0,
    outputTokens: span.outputTokens ?? 0,
  }
}
