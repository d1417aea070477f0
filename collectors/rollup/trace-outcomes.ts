// What came of the calls of a trace: tasks that ended, and what was asked of models for whom. Pure, as trace-calls.ts is.
import { FLAG, KIND } from '../spans/row.ts'
import type { CallSpan } from './call-span.ts'
import type { Call } from './trace-calls.ts'
import { agentOfHost, DEPTH_MAX, isModelCall, isOwnWork, isProxy, outcomeOf } from './trace-spans.ts'

type Parents = ReadonlyMap<CallSpan, CallSpan>

const ENDED = FLAG.taskDone | FLAG.taskFailed
const tellsEnd = (span: CallSpan) => (span.flags & ENDED) !== 0 && !isProxy(span)
const usesModel = (span: CallSpan) => span.inputTokens + span.outputTokens > 0 && isModelCall(span) && !isProxy(span)
const isCaller = ({ class: { kind } }: CallSpan) => kind === KIND.client || kind === KIND.producer
const isServer = ({ class: { kind } }: CallSpan) => kind === KIND.server || kind === KIND.consumer
const endOf = (span: CallSpan) => span.timeUs + span.durationUs

export function outcomesOfTrace(spans: readonly CallSpan[], parents: Parents): Call[] {
  const outcomes: Call[] = []
  addModels(outcomes, spans, parents)
  if (spans.some(tellsEnd)) addTasks(outcomes, spans, parents)
  return outcomes
}

/** Tokens by model. A framework's span and its client library's are often nested and tell of one call: the inner one is it. Of most spans of a fleet, so without lists. */
function addModels(outcomes: Call[], spans: readonly CallSpan[], parents: Parents): void {
  let outer: Set<CallSpan> | null = null
  let inner: CallSpan[] | null = null
  for (const span of spans) {
    if (!usesModel(span)) continue
    ;(inner ??= []).push(span)
    for (let at = parents.get(span), depth = 0; at && depth < DEPTH_MAX && isWorkOf(at, span); at = parents.get(at), depth++) if (at !== span && isModelCall(at)) (outer ??= new Set()).add(at)
  }
  if (inner) for (const span of inner) if (!outer?.has(span)) outcomes.push(outcomeOfWork(entryOf(span, parents), parents, 'models', span.class.model ?? '', span.timeUs, outcomeOf(span), span.inputTokens, span.outputTokens))
}

/** The end of a task is where the agent says it, in its answer or in work under it; else where its caller does. Of several the last word counts. */
function addTasks(outcomes: Call[], spans: readonly CallSpan[], parents: Parents): void {
  const told = new Map<CallSpan, CallSpan>()
  for (const span of spans) {
    if (!tellsEnd(span) || isCaller(span)) continue
    const entry = entryOf(span, parents)
    const before = told.get(entry)
    if (!before || endOf(before) <= endOf(span)) told.set(entry, span)
  }
  for (const [entry, teller] of told) outcomes.push(outcomeOfWork(entry, parents, 'tasks', '', endOf(teller), howEnded(teller), 0, 0))
  for (const [teller, to] of toldByCallers(spans, parents)) {
    const callee = typeof to === 'string' ? null : to
    if (callee && told.has(callee)) continue
    const { node, version } = teller.class.service
    outcomes.push({ ...NOTHING, source: node, sourceVersion: version, target: callee?.class.service.node ?? (to as string), targetVersion: callee?.class.service.version ?? '', timeUs: endOf(teller), outcome: howEnded(teller) })
  }
}

/** Spans of callers that tell of an end, with the span that answered, or else the agent whose name was called. */
function toldByCallers(spans: readonly CallSpan[], parents: Parents): Map<CallSpan, CallSpan | string> {
  const told = new Map<CallSpan, CallSpan | string>()
  if (!spans.some((span) => tellsEnd(span) && isCaller(span))) return told
  for (const span of spans) {
    if (isProxy(span)) continue
    const caller = isServer(span) ? parents.get(span) : isCaller(span) ? span : undefined
    const to = isServer(span) ? span : agentOfHost(span.class.peer ?? '')
    if (!caller || to === null) continue
    for (const above of workAbove(caller, parents)) if (tellsEnd(above) && isCaller(above) && typeof (told.get(above) ?? '') === 'string') told.set(above, to)
  }
  return told
}

/** This span and those above it in its service, until the one that was called, or an agent's own work. */
function workAbove(span: CallSpan, parents: Parents): CallSpan[] {
  const chain = [span]
  for (let at = parents.get(span); at && chain.length < DEPTH_MAX && isWorkOf(at, span); at = parents.get(at)) chain.push(at)
  return chain
}

function isWorkOf(above: CallSpan, span: CallSpan): boolean {
  return above.class.service.id === span.class.service.id && !isServer(above) && !isOwnWork(above)
}

/** Where the work of this span began in its service: with the call that it answers, or by itself. */
function entryOf(span: CallSpan, parents: Parents): CallSpan {
  let entry = span
  for (let depth = 0; depth < DEPTH_MAX && !isServer(entry); depth++) {
    const above = parents.get(entry)
    if (!above || above.class.service.id !== span.class.service.id) break
    entry = above
  }
  return entry
}

const NOTHING: Call = { source: '', sourceVersion: '', target: '', targetVersion: '', protocol: '', evidence: 'tasks', timeUs: 0, durationUs: 0, outcome: 'ok', retries: 0, bytesSent: 0, bytesReceived: 0, inputTokens: 0, outputTokens: 0 }

/** Of work that began with `entry`: for its caller, at its service. */
function outcomeOfWork(entry: CallSpan, parents: Parents, evidence: 'models' | 'tasks', protocol: string, timeUs: number, outcome: Call['outcome'], inputTokens: number, outputTokens: number): Call {
  const above = parents.get(entry)
  const caller = above && (isServer(entry) || above.class.service.id !== entry.class.service.id) ? above.class.service : null // else a loop
  const { node, version } = entry.class.service
  return { source: caller ? caller.node : '', sourceVersion: caller ? caller.version : '', target: node, targetVersion: version, protocol, evidence, timeUs, durationUs: 0, outcome, retries: 0, bytesSent: 0, bytesReceived: 0, inputTokens, outputTokens }
}

const howEnded = (teller: CallSpan): Call['outcome'] => ((teller.flags & FLAG.taskFailed) !== 0 ? 'error' : 'ok')
