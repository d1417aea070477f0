// Which calls a trace shows. Pure: all spans of one trace in, calls out; so a late span, or one sent twice, just gives another answer.
import { KIND, PROTOCOL } from '../spans/row.ts'
import type { CallSpan } from './call-span.ts'
import { outcomesOfTrace } from './trace-outcomes.ts'
import { agentOfHost, DEPTH_MAX, isModelCall, isOwnWork, isProxy, outcomeOf, parentsOf } from './trace-spans.ts'

export interface Call {
  source: string
  sourceVersion: string
  target: string
  targetVersion: string
  protocol: string
  /** `models` and `tasks` are no calls, but what came of them: trace-outcomes.ts. */
  evidence: 'mesh' | 'spans' | 'models' | 'tasks'
  timeUs: number
  durationUs: number
  outcome: 'ok' | 'error' | 'refused'
  retries: number
  bytesSent: number
  bytesReceived: number
  inputTokens: number
  outputTokens: number
}

const PROTOCOLS = ['', 'http', 'grpc', 'a2a', 'mcp', 'https']

interface Known {
  spans: readonly CallSpan[]
  /** The nearest span above that is no proxy's. */
  parents: Map<CallSpan, CallSpan>
  /** Own spans whose call, or one under them, was seen to arrive at another service. */
  answered: Set<CallSpan>
  /** Model operations whose tokens are on an edge already. */
  spent: Set<CallSpan>
}

/** Calls of one trace, each (span, service) given once. The order of the spans does not matter. */
export function callsOfTrace(sent: readonly CallSpan[]): Call[] {
  const spans = sent.length < 2 ? sent : [...sent].sort(byTime)
  const known: Known = { spans, parents: parentsOf(spans), answered: new Set(), spent: new Set() }
  const calls: Call[] = []
  addJoined(calls, known)
  addProxied(calls, known)
  addTunnels(calls, known)
  addGuessed(calls, known)
  calls.push(...outcomesOfTrace(spans, known.parents))
  return calls
}

const byTime = (a: CallSpan, b: CallSpan) => a.timeUs - b.timeUs || (a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : a.class.service.id - b.class.service.id)
const protocolOf = (span: CallSpan) => PROTOCOLS[span.class.protocol] ?? ''
const isToolCall = ({ class: { tool, operation } }: CallSpan) => tool !== null && operation === 'execute_tool'

/** A server's span whose caller is another service. Several under one client span are tries of one call: the last one is its answer. */
function addJoined(calls: Call[], known: Known): void {
  const tries = new Map<CallSpan, CallSpan[]>()
  for (const span of known.spans) {
    if (isProxy(span) || (span.class.kind !== KIND.server && span.class.kind !== KIND.consumer)) continue
    const caller = known.parents.get(span)
    if (!caller || (caller.class.service.node === span.class.service.node && caller.class.kind !== KIND.client)) continue
    if (caller.class.kind !== KIND.client) {
      calls.push(answeredCall(caller, span, span, 0, known))
      continue
    }
    const before = tries.get(caller)
    if (before) before.push(span)
    else tries.set(caller, [span])
  }
  for (const [caller, answers] of tries) calls.push(answeredCall(caller, answers.at(-1)!, caller, answers.length - 1, known)) // a list begins with one; spans are in order of time
}

/** A callee without spans of its own is known by its proxy, which speaks in its name. */
function addProxied(calls: Call[], known: Known): void {
  let arrived: Map<CallSpan, CallSpan> | null = null
  for (const span of known.spans) {
    if (!isProxy(span) || span.class.kind !== KIND.server) continue
    const caller = known.parents.get(span)
    if (caller && caller.class.kind === KIND.client && caller.class.service.node !== span.class.service.node && !known.answered.has(caller)) (arrived ??= new Map()).set(caller, span)
  }
  if (arrived) for (const [caller, proxy] of arrived) calls.push(answeredCall(caller, proxy, caller, 0, known))
}

/** Marks the caller, and what above it tells of the same call, as answered: they are no calls of their own. */
function answeredCall(caller: CallSpan, callee: CallSpan, timed: CallSpan, retries: number, known: Known): Call {
  let operation: CallSpan | null = null
  known.answered.add(caller)
  for (let at: CallSpan | undefined = caller, depth = 0; at && depth < DEPTH_MAX; at = known.parents.get(at), depth++) {
    if (at.class.service.id !== caller.class.service.id || (at !== caller && (at.class.kind === KIND.server || isOwnWork(at)))) break
    known.answered.add(at)
    if (operation === null && isModelCall(at)) operation = at
  }
  const spends = operation !== null && !known.spent.has(operation)
  if (operation !== null) known.spent.add(operation)
  return {
    source: caller.class.service.node,
    sourceVersion: caller.class.service.version,
    target: callee.class.service.node,
    targetVersion: callee.class.service.version,
    protocol: protocolOf(callee) || protocolOf(caller),
    evidence: 'spans',
    timeUs: timed.timeUs,
    durationUs: timed.durationUs,
    outcome: outcomeOf(isProxy(callee) ? caller : callee),
    retries,
    bytesSent: 0,
    bytesReceived: 0,
    inputTokens: spends ? operation!.inputTokens : 0,
    outputTokens: spends ? operation!.outputTokens : 0,
  }
}

/** Calls that left the mesh through a proxy, by the proxy's own span: the mesh's evidence of an external edge. */
function addTunnels(calls: Call[], { spans }: Known): void {
  for (const span of spans) {
    if (!isProxy(span) || span.class.kind !== KIND.server || span.class.peer === null) continue
    calls.push({ ...oneSided(span, span.class.service.node, `external/${span.class.peer}`), evidence: 'mesh', bytesSent: span.bytesSent, bytesReceived: span.bytesReceived })
  }
}

/** Calls of which only the caller speaks: GenAI operations, then client spans to a named host. */
function addGuessed(calls: Call[], known: Known): void {
  let under: Map<CallSpan, string> | null = null
  let inner: Set<CallSpan> | null = null
  for (const span of known.spans) {
    if (isProxy(span) || known.answered.has(span)) continue
    if (isModelCall(span)) {
      const parent = known.parents.get(span)
      if (parent) (inner ??= new Set()).add(parent)
    }
    const agent = span.class.kind === KIND.client && span.class.peer !== null ? agentOfHost(span.class.peer) : null
    if (agent === null) continue
    for (let at: CallSpan | undefined = span, depth = 0; at && depth < DEPTH_MAX; at = known.parents.get(at), depth++) {
      if (at.class.service.id !== span.class.service.id || (at !== span && (at.class.kind === KIND.server || isOwnWork(at)))) break
      ;(under ??= new Map()).set(at, agent)
    }
  }
  for (const span of known.spans) {
    if (isProxy(span) || known.answered.has(span)) continue
    const call = genAiCall(span, known, under?.get(span) ?? null, inner?.has(span) ?? false) ?? hostCall(span, known)
    if (call !== null) calls.push(call)
  }
}

/** `agent`: the mesh's name for whom this operation called over HTTP, where a span under it tells. */
function genAiCall(span: CallSpan, known: Known, agent: string | null, hasInner: boolean): Call | null {
  const { operation, model, tool } = span.class
  if (operation === null) return null
  // A framework's span and its client library's are often nested and tell of one call: the inner one is it.
  if (isModelCall(span)) return hasInner ? null : oneSided(span, actorOf(span, known), agent ?? `model/${span.class.service.namespace}/${model}`)
  if (isToolCall(span)) return oneSided(span, actorOf(span, known), agent ?? `tool/${span.class.service.namespace}/${tool}`)
  if (operation !== 'invoke_agent' || span.class.agent === null) return null
  const source = actorOf(span, known)
  const target = span.class.kind === KIND.client && agent !== null ? agent : `agent/${span.class.service.namespace}/${span.class.agent}`
  if (target === source || (span.class.kind !== KIND.client && !isNested(span, known))) return null // the service itself at work
  return oneSided(span, source, target)
}

function isNested(span: CallSpan, known: Known): boolean {
  for (let at = known.parents.get(span), depth = 0; at && depth < DEPTH_MAX; at = known.parents.get(at), depth++) if (at.class.service.id === span.class.service.id && at.class.operation === 'invoke_agent') return true
  return false
}

/** The agent in whose work a span stands: the nearest nested `invoke_agent` above, else its service. The outermost one is the service. */
function actorOf(span: CallSpan, known: Known): string {
  for (let at = known.parents.get(span), depth = 0; at && depth < DEPTH_MAX; at = known.parents.get(at), depth++) {
    if (at.class.service.id !== span.class.service.id || at.class.operation !== 'invoke_agent') continue
    return at.class.agent !== null && isNested(at, known) ? `agent/${at.class.service.namespace}/${at.class.agent}` : span.class.service.node
  }
  return span.class.service.node
}

/** A client span to a host. Under a GenAI operation it is that operation's own call, told there. */
function hostCall(span: CallSpan, known: Known): Call | null {
  if (span.class.kind !== KIND.client || span.class.peer === null || isHere(span.class.peer)) return null
  for (let at = known.parents.get(span), depth = 0; at && depth < DEPTH_MAX; at = known.parents.get(at), depth++) {
    if (at.class.service.id !== span.class.service.id || at.class.kind === KIND.server) break
    if (at.class.kind === KIND.client && at.class.peer !== null) return null // the outer client span tells of the same call
    if (isModelCall(at) || isToolCall(at)) return null
  }
  return oneSided(span, actorOf(span, known), agentOfHost(span.class.peer) ?? `external/${span.class.peer}`)
}

/** A proxy's own address says nothing of whom the call was for. */
function isHere(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.')
}

function oneSided(span: CallSpan, source: string, target: string): Call {
  return {
    source,
    sourceVersion: source === span.class.service.node ? span.class.service.version : '',
    target,
    targetVersion: '',
    protocol: span.class.protocol === PROTOCOL.none && span.class.operation ? 'genai' : protocolOf(span),
    evidence: 'spans',
    timeUs: span.timeUs,
    durationUs: span.durationUs,
    outcome: outcomeOf(span),
    retries: 0,
    bytesSent: 0,
    bytesReceived: 0,
    inputTokens: span.class.operation === 'invoke_agent' ? 0 : span.inputTokens,
    outputTokens: span.class.operation === 'invoke_agent' ? 0 : span.outputTokens,
  }
}
