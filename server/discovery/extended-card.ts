// The card that an A2A agent shows only to whom it knows, read with the credential that the agent's object refers to.
// https://a2a-protocol.org/latest/specification/#13-security-considerations
import { MeshError } from '../contracts/errors.ts'
import { fetchOutside, parseUrl, type Fetched, type Outside } from '../fetch/fetch.ts'
import { parseJson } from '../fetch/json.ts'
import type { AgentCard } from './card.ts'

/** The extended document, or why the agent shows none to us: then the public one stands. */
export type ExtendedCard = { document: unknown } | { refusal: string }

/** `capabilities.extendedAgentCard` in 1.0, `supportsAuthenticatedExtendedCard` in 0.3. */
export function saysExtended(document: unknown): boolean {
  if (!isRecord(document)) return false
  return document['supportsAuthenticatedExtendedCard'] === true || (isRecord(document['capabilities']) && document['capabilities']['extendedAgentCard'] === true)
}

/**
 * `address` is where the public card was read. Asked of the origin alone: a card names whatever addresses it likes, and would otherwise choose who
 * gets the credential. Throws when the agent cannot be asked at all, so that what was known of it stays.
 */
export async function readExtendedCard(outside: Outside, address: string, card: AgentCard, headers: Record<string, string>): Promise<ExtendedCard> {
  const { origin } = parseUrl(address)
  const own = card.interfaces.find(({ url, binding }) => (binding === 'JSONRPC' || binding === 'HTTP+JSON') && originOf(url) === origin)
  if (!own) return { refusal: `none of its JSON-RPC or HTTP interfaces is at ${origin}, and the credential goes nowhere else` }
  const older = own.protocolVersion.startsWith('0.')
  const version = { ...headers, 'a2a-version': older ? '0.3' : '1.0' }
  if (own.binding === 'HTTP+JSON') {
    const answer = await fetchOutside(outside, `${own.url.replace(/\/$/, '')}/${older ? 'v1/card' : 'extendedAgentCard'}`, { headers: version })
    return refusalOf(answer) ?? { document: parseJson(answer.body.toString('utf8')) }
  }
  const call = { jsonrpc: '2.0', id: 1, method: older ? 'agent/getAuthenticatedExtendedCard' : 'GetExtendedAgentCard', params: {} }
  const answer = await fetchOutside(outside, own.url, { method: 'POST', body: JSON.stringify(call), headers: { ...version, 'content-type': 'application/json' } })
  const refused = refusalOf(answer)
  if (refused) return refused
  const said = parseJson(answer.body.toString('utf8'))
  if (isRecord(said) && isRecord(said['error'])) return { refusal: `it answers ${String(said['error']['message']).slice(0, 200)}` }
  if (!isRecord(said) || !isRecord(said['result'])) throw new MeshError('invalid', 'the answer to a request for the extended card has no result')
  return { document: said['result'] }
}

/** 4xx is an answer, but for “not now”; whatever else is not 200 says nothing about the card. */
function refusalOf({ status }: Fetched): { refusal: string } | null {
  if (status >= 400 && status < 500 && status !== 429) return { refusal: `it answers ${status}` }
  if (status !== 200) throw new MeshError('unavailable', `a request for the extended card is answered by ${status}`)
  return null
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
