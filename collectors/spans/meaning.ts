import { genAiOperation, hostOfUrl, SLOT } from '../attributes.ts'
import { storableText } from '#server/otlp/wire.ts'
import { FLAG, KIND, PROTOCOL, type GenAi } from './row.ts'

export type Slots = (string | number | boolean | null)[]

const TEXT_MAX = 255
/** The proxies' way out of the mesh; `server.address` on its spans is the authority that was asked for. */
const EXTERNAL_CLUSTER = 'external'

export interface Meaning {
  flags: number
  protocol: number
  httpStatus: number | null
  peer: string | null
  bytesSent: number | null
  bytesReceived: number | null
  genAi: GenAi | null
}

/** What a span's attributes say. A 4xx is refused, not an error; a JSON-RPC error inside a 200 is one (`error.type`, status). */
export function describeSpan(slots: Slots, kind: number, status: number, proxy: boolean): Meaning {
  const httpStatus = integer(slots[SLOT.httpStatus], 999)
  const method = text(slots[SLOT.httpMethod])
  const external = proxy && text(slots[SLOT.upstreamCluster]) === EXTERNAL_CLUSTER
  const tunnel = external && method === 'CONNECT'
  const clientError = httpStatus !== null && httpStatus >= 400 && httpStatus < 500
  const failed = (httpStatus !== null && httpStatus >= 500) || String(slots[SLOT.error]) === 'true' || (status === 2 && !clientError)
  return {
    flags: (failed ? FLAG.error : 0) | (clientError && !failed ? FLAG.refused : 0),
    protocol: protocolOf(slots, tunnel, method !== null || httpStatus !== null),
    httpStatus: httpStatus === 0 ? null : httpStatus,
    peer: external ? hostOf(text(slots[SLOT.peer])) : !proxy && (kind === KIND.client || kind === KIND.producer) ? peerOf(slots) : null,
    bytesSent: external ? integer(slots[SLOT.requestSize]) : null,
    bytesReceived: external ? integer(slots[SLOT.responseSize]) : null,
    genAi: genAiOf(slots),
  }
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

function hostOf(text: string | null): string | null {
  return text === null ? null : (hostOfUrl(text)?.slice(0, TEXT_MAX) ?? null)
}

function genAiOf(slots: Slots): GenAi | null {
  const operation = genAiOperation(text(slots[SLOT.operation]), text(slots[SLOT.openInferenceKind]))
  const genAi: GenAi = {
    operation,
    agent: text(slots[SLOT.agent]),
    model: text(slots[SLOT.model]),
    tool: text(slots[SLOT.tool]),
    conversation: text(slots[SLOT.conversation]),
    inputTokens: integer(slots[SLOT.inputTokens]),
    outputTokens: integer(slots[SLOT.outputTokens]),
  }
  return Object.values(genAi).every((value) => value === null) ? null : genAi
}

function text(value: Slots[number] | undefined): string | null {
  if (value === null || value === undefined || value === '') return null
  return storableText(String(value)).slice(0, TEXT_MAX).toWellFormed()
}

/** A whole number from 0 to `max`, also from text, as Envoy and some frameworks send it. */
function integer(value: Slots[number] | undefined, max = 2_147_483_647): number | null {
  if (typeof value === 'boolean' || value === null || value === undefined || value === '') return null
  const number = Math.trunc(Number(value))
  return number >= 0 && number <= max ? number : null
}
