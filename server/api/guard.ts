// What stands before every route: names this server answers to, and where a browser's write may come from.
import type { MiddlewareHandler } from 'hono'
import type { Config } from '#server/config.ts'
import { MeshError } from '#server/contracts/errors.ts'
import type { ApiEnv } from './context.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Host names that requests may carry: the public URL's, and on a loopback bind the loopback's own. A foreign name is DNS rebinding. */
export function allowedHosts(config: Pick<Config, 'bind' | 'consolePort' | 'publicUrl'>): Set<string> {
  const hosts = new Set([new URL(config.publicUrl).host, `${config.bind}:${config.consolePort}`])
  if (LOOPBACK.includes(config.bind) || config.bind === '::1') for (const name of LOOPBACK) hosts.add(`${name}:${config.consolePort}`)
  return hosts
}

/** True when a browser says that a page of this very site sent the request, or no browser page did. */
export function sameOrigin(headers: Pick<Headers, 'get'>, hosts: ReadonlySet<string>): boolean {
  const origin = headers.get('origin')
  if (origin !== null) return URL.canParse(origin) && hosts.has(new URL(origin).host)
  const site = headers.get('sec-fetch-site')
  return site === null || site === 'same-origin' || site === 'none'
}

export function guardHost(hosts: ReadonlySet<string>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host
    if (!hosts.has(host.toLowerCase())) throw new MeshError('forbidden', `this server does not answer to the name “${host.slice(0, 100)}”; HEDDLE_PUBLIC_URL sets it`)
    await next()
  }
}

/** Cookies come along with what a foreign page sends; so a write by cookie must come from a page of ours. */
export function guardOrigin(hosts: ReadonlySet<string>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const byBearer = c.req.header('authorization') !== undefined
    if (!SAFE.has(c.req.method) && !byBearer && !sameOrigin(c.req.raw.headers, hosts)) throw new MeshError('forbidden', 'this write came from a page of another site')
    await next()
  }
}
