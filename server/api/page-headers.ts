import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import type { Config } from '#server/config.ts'

export interface HeaderOptions {
  config: Pick<Config, 'publicUrl'>
  /** The console runs from source, whose tools evaluate code. */
  dev: boolean
}

/**
 * What every answer of the console carries. The nonce goes to Next in the request's own policy header, from which it marks its
 * scripts; a client's headers of those names are overwritten.
 */
export function setPageHeaders(request: IncomingMessage, response: ServerResponse, { config, dev }: HeaderOptions): void {
  const https = config.publicUrl.startsWith('https:')
  const policy = contentPolicy(randomBytes(16).toString('base64'), { https, dev })
  request.headers['content-security-policy'] = policy
  request.headers['x-heddle-peer'] = peerOf(request, https)
  request.headers['x-heddle-path'] = request.url ?? '/' // where a sign-in comes back to
  delete request.headers['x-middleware-subrequest']
  response.setHeader('content-security-policy', policy)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('x-frame-options', 'DENY')
  response.setHeader('referrer-policy', 'same-origin')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('permissions-policy', 'camera=(), geolocation=(), microphone=()')
  if (https) response.setHeader('strict-transport-security', 'max-age=31536000; includeSubDomains')
}

function contentPolicy(nonce: string, { https, dev }: { https: boolean; dev: boolean }): string {
  return [
    `default-src 'self'`,
    `script-src 'self' 'nonce-${nonce}'${dev ? ` 'unsafe-eval'` : ''}`,
    `style-src 'self' 'unsafe-inline'`, // the graph and the editor place things by style attributes; scripts are what must not be inline
    `img-src 'self' data: blob:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `worker-src 'self' blob:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
    ...(https ? ['upgrade-insecure-requests'] : []),
  ].join('; ')
}

/** The socket's address; behind a declared TLS proxy on this machine, the address that the proxy itself added last. */
function peerOf(request: IncomingMessage, behindProxy: boolean): string {
  const socket = request.socket.remoteAddress ?? 'unknown'
  if (!behindProxy || !/^(::1|(::ffff:)?127\.)/.test(socket)) return socket
  const added = String(request.headers['x-forwarded-for'] ?? '').split(',').at(-1)?.trim() ?? ''
  return isIP(added) ? added : socket
}
