// The one way out of a sample agent: its sidecar's outbound listener, as an HTTP proxy. No retries.
import { context, propagation } from '@opentelemetry/api'
import { ProxyAgent, fetch as undiciFetch } from 'undici'
import { currentRequest, VERSION_HEADER } from './current-request.ts'

const TIMEOUT_MS = 30_000

/** A `fetch` that goes through the sidecar at `proxyUrl` and carries the trace context of whoever calls it. */
export function outboundFetch(proxyUrl: string): typeof fetch {
  const dispatcher = new ProxyAgent({ uri: proxyUrl, bodyTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS })
  const go = async (input: string | URL | Request, init: RequestInit = {}) => {
    const request = new Request(input, init)
    const headers: Record<string, string> = Object.fromEntries(request.headers)
    propagation.inject(context.active(), headers)
    const body = request.body === null ? null : await request.text()
    const response = await undiciFetch(request.url, { method: request.method, headers, body, signal: request.signal, dispatcher })
    rememberVersion(response.headers.get(VERSION_HEADER))
    return response
  }
  return go as unknown as typeof fetch // undici's Response is the same class under another declaration
}

function rememberVersion(version: string | null): void {
  const store = currentRequest.getStore()
  if (store && version !== null) store.versionSeen = version
}
