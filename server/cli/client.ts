// The command line's way to the REST API: HEDDLE_URL and HEDDLE_TOKEN, or the Heddle of the home.
import { z } from 'zod'
import { readConfig, type Config } from '../config.ts'
import { FAILURES, MeshError, messageOf, type FailureCode, type Problem } from '../contracts/errors.ts'
import { homePaths, readPrivate } from '../run/home.ts'

const ANSWER_TIMEOUT_MS = 30_000

export const Credentials = z.object({ url: z.string(), token: z.string() })
export type Credentials = z.infer<typeof Credentials>

export interface ApiAnswer<T> {
  status: number
  headers: Headers
  body: T
}

export interface ApiRequest {
  query?: Record<string, string | number | undefined>
  /** Sent as JSON. */
  body?: unknown
  headers?: Record<string, string>
}

export interface Api {
  url: string
  /** `path` is below `/api/v1`, such as `/revisions`. Throws the API's own failure as a `MeshError`, with its problems. */
  request<T>(method: string, path: string, request?: ApiRequest): Promise<ApiAnswer<T>>
  get<T>(path: string, query?: ApiRequest['query']): Promise<T>
}

export function readCredentials(config: Config): Credentials {
  if (config.url && config.token) return { url: config.url, token: config.token }
  const text = readPrivate(homePaths(config.home).credentials)
  if (text === null) {
    const missing = config.url ? 'HEDDLE_TOKEN is not set' : 'HEDDLE_URL is not set'
    throw new MeshError('unavailable', `${missing}, and ${config.home} holds no running Heddle; start one with "npm start", or set HEDDLE_URL and HEDDLE_TOKEN`)
  }
  const local = Credentials.parse(JSON.parse(text))
  return { url: config.url || local.url, token: config.token || (config.url && config.url !== local.url ? refuseLocalToken(config.url) : local.token) }
}

/** The token of this machine goes to no other. */
function refuseLocalToken(url: string): never {
  throw new MeshError('unauthenticated', `HEDDLE_URL is ${url} and HEDDLE_TOKEN is not set; make a token there with "heddle token create" and set it`)
}

export function openApi(config: Config = readConfig()): Api {
  const { url, token } = readCredentials(config)
  const request = async <T>(method: string, path: string, { query = {}, body, headers = {} }: ApiRequest = {}): Promise<ApiAnswer<T>> => {
    const target = new URL(`/api/v1${path}`, url)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) target.searchParams.set(name, String(value))
    const response = await send(target, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw failureOf(response.status, text)
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T } // the caller names the shape that OpenAPI gives
  }
  return { url, request, get: async <T>(path: string, query?: ApiRequest['query']) => (await request<T>('GET', path, { query })).body }
}

async function send(target: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(target, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
  } catch (cause) {
    const why = cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause)
    throw new MeshError('unavailable', `${target.origin} does not answer (${why}); "heddle status" shows what runs`, { cause })
  }
}

const ProblemBody = z.object({
  code: z.string(),
  detail: z.string().optional(),
  title: z.string().optional(),
  problems: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
})

function failureOf(status: number, text: string): MeshError {
  try {
    const body = ProblemBody.parse(JSON.parse(text))
    const code = Object.hasOwn(FAILURES, body.code) ? (body.code as FailureCode) : codeOf(status) // hasOwn has just shown it
    return new MeshError(code, body.detail ?? body.title ?? `HTTP ${status}`, { problems: (body.problems ?? []) as Problem[], extra: JSON.parse(text) })
  } catch {
    return new MeshError(codeOf(status), `the API answered ${status}: ${text.slice(0, 200)}`)
  }
}

function codeOf(status: number): FailureCode {
  const match = Object.entries(FAILURES).find(([, failure]) => failure.http === status)
  return match ? (match[0] as FailureCode) : 'internal' // keys of FAILURES
}
