import { genAiOperation, hostOfUrl, SLOT } from '../attributes.ts'
import { storableText } from '#server/otlp/wire.ts'
import { FLAG, KIND, PROTOCOL } from './row.ts'
import type { ClassFields } from './span-class.ts'

export type Slots = (string | number | boolean | null)[]

/** What a span says beside its bytes; null where it does not say it. */
export interface Meaning extends ClassFields {
  flags: number
  bytesSent: number | null
  bytesReceived: number | null
  inputTokens: number | null
  outputTokens: number | null
  conversation: string | null
}

export const noMeaning = (): Meaning => ({
  kind: 0, status: 0, protocol: 0, httpStatus: null, peer: null, operation: null, agent: null, model: null, tool: null,
  flags: 0, bytesSent: null, bytesReceived: null, inputTokens: null, outputTokens: null, conversation: null,
})

const TEXT_MAX = 255
/** The proxies' ways out of the mesh; `server.address` on its spans is the authority that was asked for. */
const EXTERNAL_CLUSTERS: readonly (string | null)[] = ['external', 'external-direct']

/**
 * Fills in what the attributes mean; kind, status and flags are there, and whatever the span before said goes. A 4xx is refused, not an error; a JSON-RPC error inside a 200 is one (`error.type`, status).
 */
export function describeSpan(said: Meaning, slots: Slots, proxy: boolean): void {
  const httpStatus = integer(slots[SLOT.httpStatus], 999)
  const method = slots[SLOT.httpMethod]
  const external = proxy && EXTERNAL_CLUSTERS.includes(text(slots[SLOT.upstreamCluster]))
  const clientError = httpStatus !== null && httpStatus >= 400 && httpStatus < 500
  const failed = (httpStatus !== null && httpStatus >= 500) || slots[SLOT.error] === true || slots[SLOT.error] === 'true' || (said.status === 2 && !clientError)
  if (failed) said.flags |= FLAG.error
  else if (clientError) said.flags |= FLAG.refused
  if (slots[SLOT.taskState] !== null) said.flags |= taskFlag(String(slots[SLOT.taskState]), slots[SLOT.a2aMethod] ?? null)
  said.httpStatus = httpStatus === 0 ? null : httpStatus
  said.peer = said.operation = said.agent = said.model = said.tool = said.conversation = null
  said.bytesSent = said.bytesReceived = said.inputTokens = said.outputTokens = null
  said.protocol = protocolOf(slots, external && method === 'CONNECT', (method !== null && method !== '') || httpStatus !== null)
  if (external) {
    said.peer = hostOf(text(slots[SLOT.peer]))
    said.bytesSent = integer(slots[SLOT.requestSize])
    said.bytesReceived = integer(slots[SLOT.responseSize])
  } else if (!proxy && (said.kind === KIND.client || said.kind === KIND.producer)) said.peer = peerOf(slots)
  for (let slot: number = SLOT.operation; slot <= SLOT.openInferenceKind; slot++) if (slots[slot] !== null) return describeGenAi(said, slots) // these slots stand together
}

function describeGenAi(said: Meaning, slots: Slots): void {
  said.operation = genAiOperation(text(slots[SLOT.operation]), text(slots[SLOT.openInferenceKind]))
  said.agent = text(slots[SLOT.agent])
  said.model = text(slots[SLOT.model])
  said.tool = text(slots[SLOT.tool])
  said.conversation = text(slots[SLOT.conversation])
  said.inputTokens = integer(slots[SLOT.inputTokens])
  said.outputTokens = integer(slots[SLOT.outputTokens])
}

function protocolOf(slots: Slots, tunnel: boolean, http: boolean): number {
  if (tunnel) return PROTOCOL.tunnel
  if (slots[SLOT.a2aMethod] !== null) return PROTOCOL.a2a
  if (slots[SLOT.mcpMethod] !== null) return PROTOCOL.mcp
  if (text(slots[SLOT.rpcSystem]) === 'grpc') return PROTOCOL.grpc
  return http ? PROTOCOL.http : PROTOCOL.none
}

function peerOf(slots: Slots): string | null {
  const url = text(slots[SLOT.url])
  const host = (url === null ? null : hostOfUrl(url)) ?? text(slots[SLOT.peer]) ?? text(slots[SLOT.authority])
  return hostOf(host)
}

/** Who looks a task up, in A2A 1.0 or 0.3, hears again how it ended. */
const LOOK_UPS: readonly unknown[] = ['GetTask', 'ListTasks', 'SubscribeToTask', 'tasks/get', 'tasks/list', 'tasks/resubscribe']

/**
 * How a task ended: A2A 1.0 says `TASK_STATE_COMPLETED`, 0.3 `completed`. Whoever cancels a task wants no outcome of it; other states are none yet.
 * https://a2a-protocol.org/latest/specification/#413-taskstate
 */
function taskFlag(state: string, method: Slots[number]): number {
  if (LOOK_UPS.includes(method)) return 0
  const name = state.toLowerCase().replace(/^task_state_/, '')
  return name === 'completed' ? FLAG.taskDone : name === 'failed' || name === 'rejected' ? FLAG.taskFailed : 0
}

const HOSTS_MAX = 4096
const hosts = new Map<string, string | null>()

function hostOf(text: string | null): string | null {
  if (text === null) return null
  const before = hosts.get(text)
  if (before !== undefined) return before
  const host = hostOfUrl(text)?.slice(0, TEXT_MAX) ?? null
  if (hosts.size === HOSTS_MAX) hosts.clear()
  hosts.set(text, host)
  return host
}

function text(value: Slots[number] | undefined): string | null {
  if (value === null || value === undefined || value === '') return null
  const said = storableText(String(value))
  return (said.length > TEXT_MAX ? said.slice(0, TEXT_MAX) : said).toWellFormed()
}

/** A whole number from 0 to `max`, also from text, as Envoy and some frameworks send it. */
function integer(value: Slots[number] | undefined, max = 2_147_483_647): number | null {
  if (typeof value === 'boolean' || value === null || value === undefined || value === '') return null
  const number = Math.trunc(Number(value))
  return number >= 0 && number <= max ? number : null
}
