// Who calls: the agent's own sidecar says it in the client-certificate header, which it writes itself and takes from nobody.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
import type { IncomingHttpHeaders } from 'node:http'

export interface Caller {
  /** SPIFFE id of the sidecar that took the call: this agent's own. */
  by: string
  /** SPIFFE id of the caller. */
  uri: string
}

/** The caller named by the last element of the header, or null when there is none. */
export function callerOf(headers: IncomingHttpHeaders): Caller | null {
  const header = headers['x-forwarded-client-cert']
  const text = Array.isArray(header) ? header.at(-1) : header
  const last = text?.split(',').at(-1)
  if (!last) return null
  const fields = new Map(last.split(';').map((pair) => splitOnce(pair.trim())))
  return { by: fields.get('By') ?? '', uri: fields.get('URI') ?? '' }
}

function splitOnce(pair: string): [string, string] {
  const at = pair.indexOf('=')
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1).replace(/^"|"$/g, '')]
}
