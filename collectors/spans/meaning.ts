import { genAiOperation, hostOfUrl, SLOT } from '../attributes.ts'
import { storableText } from '#server/otlp/wire.ts'
import { FLAG, KIND, PROTOCOL, type SpanRow } from './row.ts'

export type Slots = (string | number | boolean | null)[]

const TEXT_MAX = 255
/** The proxies' ways out of the mesh; `server.address` on its spans is the authority that was asked for. */
const EXTERNAL_CLUSTERS: readonly (string | null)[] = ['external', 'external-direct']

/**
 * Says on the row what its attributes mean. A 4xx is refused, not an error; a JSON-RPC error inside a 200 is one (`error.type`, status).
 */
export function describeSpan(row: SpanRow, slots: Slots, proxy: boolean): void {
  const { fields } = row
  const httpStatus = integer(slots[SLOT.httpStatus], 999)
  const method = slots[SLOT.httpMethod]
  const external = proxy && EXTERNAL_CLUSTERS.includes(text(slots[SLOT.upstreamCluster]))
  const clientError = httpStatus !== null && httpStatus >= 400 && httpStatus < 500
  const failed = (httpStatus !== null && httpStatus >= 500) || slots[SLOT.error] === true || slots[SLOT.error] === 'true' || (fields.status === 2 && !clientError)
  if (failed) row.flags |= FLAG.error
  else if (clientError) row.flags |= FLAG.refused
  fields.httpStatus = httpStatus === 0 ? null : httpStatus
  fields.protocol = protocolOf(slots, external && method === 'CONNECT', (method !== null && method !== '') || httpStatus !== null)
  if (external) {
    fields.peer = hostOf(text(slots[SLOT.peer]))
    row.bytesSent = integer(slots[SLOT.requestSize])
    row.bytesReceived = integer(slots[SLOT.responseSize])
  } else if (!proxy && (fields.kind === KIND.client || fields.kind === KIND.producer)) fields.peer = peerOf(slots)
  for (let slot: number = SLOT.operation; slot <= SLOT.openInferenceKind; slot++) if (slots[slot] !== null) return describeGenAi(row, slots) // these slots stand together
}

function describeGenAi(row: SpanRow, slots: Slots): void {
  const { fields } = row
  fields.operation = genAiOperation(text(slots[SLOT.operation]), text(slots[SLOT.openInferenceKind]))
  fields.agent = text(slots[SLOT.agent])
  fields.model = text(slots[SLOT.model])
  fields.tool = text(slots[SLOT.tool])
  row.conversation = text(slots[SLOT.conversation])
  row.inputTokens = integer(slots[SLOT.inputTokens])
  row.outputTokens = integer(slots[SLOT.outputTokens])
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
