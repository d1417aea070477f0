// The one way out to URLs that came from outside: resolve, check, connect to the very address that was checked, take little and
// not for long. https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
import { lookup as dnsLookup } from 'node:dns'
import { request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip } from 'node:zlib'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { isPublic, type AllowList } from './addresses.ts'

export const FETCH_LIMITS = { bytesMax: 2 ** 20, timeoutMs: 5000, redirectsMax: 0, urlLengthMax: 2048 }

export interface FetchOptions {
  method?: 'GET' | 'HEAD' | 'POST'
  headers?: OutgoingHttpHeaders
  body?: string | Uint8Array
  /** Of the answer, after decompression. */
  bytesMax?: number
  /** From the first look at the name to the last byte. */
  timeoutMs?: number
  /** Each is checked like the first; credentials do not follow to another origin. */
  redirectsMax?: number
  /** For answers that do not end, such as SSE: what it gives is asked of each piece of the body as it comes, and ends the reading by true. */
  enough?: () => (piece: string) => boolean
}

export interface Fetched {
  url: string
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export type Resolve = (host: string) => Promise<{ address: string; family: number }[]>

/** What a process may reach; `resolve` is replaced in tests alone. */
export interface Outside {
  allow: AllowList
  resolve?: Resolve
  /** A Unix socket that every request goes to, whatever its URL: the agent behind a sidecar. */
  socketPath?: string
}

/**
 * One request to a URL that is not trusted. Throws `MeshError`: `forbidden` for an address that may not be reached, `bad_request` for a URL
 * that is none of ours, `too_large`, and `unavailable` for everything that the other side does wrong.
 */
export async function fetchOutside(outside: Outside, address: string, options: FetchOptions = {}): Promise<Fetched> {
  const { timeoutMs = FETCH_LIMITS.timeoutMs, redirectsMax = FETCH_LIMITS.redirectsMax } = options
  const signal = AbortSignal.timeout(timeoutMs)
  let url = parseUrl(address)
  let headers = options.headers ?? {}
  for (let redirects = 0; ; redirects++) {
    const where = outside.socketPath === undefined ? pinTo(await withinTime(signal, timeoutMs, resolveChecked(outside, url))) : { socketPath: outside.socketPath }
    const fetched = await requestOnce(url, where, { ...options, headers }, signal, timeoutMs)
    const location = fetched.status >= 300 && fetched.status < 400 && fetched.status !== 304 ? fetched.headers.location : undefined
    if (location === undefined) return fetched
    if (redirects >= redirectsMax) throw new MeshError('unavailable', redirectsMax === 0 ? `${url.host} redirects to another address, which is not followed` : `${url.host} redirects more than ${redirectsMax} times`)
    const next = parseUrl(URL.parse(location, url)?.href ?? '')
    if (next.origin !== url.origin) headers = withoutCredentials(headers)
    url = next
  }
}

/** An http or https URL without credentials in it. */
export function parseUrl(address: string): URL {
  if (address.length > FETCH_LIMITS.urlLengthMax) throw new MeshError('bad_request', `the URL is longer than ${FETCH_LIMITS.urlLengthMax} characters`)
  const url = URL.parse(address)
  if (!url) throw new MeshError('bad_request', 'this is no URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new MeshError('bad_request', `only http and https are fetched, not ${url.protocol.slice(0, 16)}`)
  if (url.username !== '' || url.password !== '') throw new MeshError('bad_request', 'a URL with a user name or password in it is not fetched; give a credential by name')
  return url
}

const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase()
export const portOf = (url: URL) => Number(url.port) || (url.protocol === 'https:' ? 443 : 80)

/** The address to connect to. One refused answer refuses the name: a name that leads to both is not to be trusted. */
export async function resolveChecked({ allow, resolve = resolveByDns }: Outside, url: URL): Promise<{ address: string; family: number }> {
  const [host, port] = [hostOf(url), portOf(url)]
  const answers = await resolve(host).catch((cause: unknown) => {
    throw new MeshError('unavailable', `the name ${host} cannot be resolved`, { cause })
  })
  for (const { address } of answers) {
    if (isPublic(address) || allow.allows(address, host, port)) continue
    const where = address === host ? address : `${host} (${address})`
    throw new MeshError('forbidden', `${where} is not an address of the public internet; HEDDLE_FETCH_ALLOW allows it`)
  }
  const [first] = answers
  if (!first) throw new MeshError('unavailable', `the name ${host} has no address`)
  return first
}

const resolveByDns: Resolve = (host) => new Promise((resolve, reject) => dnsLookup(host, { all: true, verbatim: true }, (error, addresses) => (error ? reject(error) : resolve(addresses))))

/** The name is not asked again: the connection goes to the address that was checked. */
function pinTo(pinned: { address: string; family: number }): Where {
  return { lookup: (_host, { all }, answer) => (all ? answer(null, [pinned]) : answer(null, pinned.address, pinned.family)) }
}

type Where = { lookup: LookupFunction } | { socketPath: string }

function requestOnce(url: URL, where: Where, options: FetchOptions, signal: AbortSignal, timeoutMs: number): Promise<Fetched> {
  const { method = 'GET', body, headers = {} } = options
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(describeFailure(error, url, signal, timeoutMs))
    const call = send(url, { method, signal, ...where, agent: false, headers: { 'user-agent': 'heddle', accept: 'application/json', ...headers, 'accept-encoding': 'gzip, identity', ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) } }, (response) => {
      readBody(response, call, options).then((bytes) => resolve({ url: url.href, status: response.statusCode ?? 0, headers: response.headers, body: bytes }), fail)
    })
    call.once('error', fail)
    call.end(body)
  })
}

async function readBody(response: IncomingMessage, call: ClientRequest, { bytesMax = FETCH_LIMITS.bytesMax, enough }: FetchOptions): Promise<Buffer> {
  const encoding = response.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip') throw new MeshError('unavailable', `the answer is encoded as ${encoding.slice(0, 32)}, which was not asked for`)
  const bytes = encoding === 'gzip' ? response.pipe(createGunzip()) : response
  response.once('error', (error) => bytes.destroy(error))
  const isEnough = enough?.()
  const decoder = new StringDecoder('utf8')
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const part of bytes as AsyncIterable<Buffer>) {
      length += part.length
      if (length > bytesMax) throw new MeshError('too_large', `the answer is larger than ${bytesMax} bytes`)
      parts.push(part)
      if (isEnough?.(decoder.write(part))) break
    }
  } finally {
    call.destroy() // nothing is kept open, and nothing more is read
  }
  return Buffer.concat(parts)
}

/** Throws `MeshError('unavailable')` when the signal, whose time is `timeoutMs`, is first. */
export async function withinTime<T>(signal: AbortSignal, timeoutMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const expire = () => late.reject(tooSlow(timeoutMs))
  signal.addEventListener('abort', expire)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    signal.removeEventListener('abort', expire)
    late.promise.catch(() => {}) // settled or not, nobody waits for it now
  }
}

function describeFailure(error: unknown, url: URL, signal: AbortSignal, timeoutMs: number): MeshError {
  if (error instanceof MeshError) return error
  if (signal.aborted) return tooSlow(timeoutMs)
  return new MeshError('unavailable', `${url.host} did not answer: ${messageOf(error)}`, { cause: error })
}

const tooSlow = (timeoutMs: number) => new MeshError('unavailable', `no whole answer within ${timeoutMs / 1000} s`)

const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key'])

function withoutCredentials(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())))
}
