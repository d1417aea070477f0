import { problemOf } from '#components/api.ts'
import type { Ask } from '#components/asks.ts'
import { withQuery } from '#components/paths.ts'

const ANSWER_MS = 15_000

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Record<string, string | number | null | undefined>
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

export interface CallAnswer<T> {
  body: T
  headers: Headers
}

/**
 * A request to the API for what the typed client cannot say: objects of any kind, headers that matter, a dry run. The caller
 * names the contract that the route answers with. A problem is thrown as the MeshError that the server meant.
 */
export async function call<T>(path: string, { method = 'GET', query = {}, body, headers, signal }: CallOptions = {}): Promise<CallAnswer<T>> {
  const mesh = new URLSearchParams(location.search).get('mesh')
  const response = await fetch(withQuery(`/api/v1${path}`, { ...query, mesh }), {
    method,
    signal,
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  if (!response.ok) throw await problemOf(response)
  return { body: (response.status === 204 ? null : await response.json()) as T, headers: response.headers } // the contract of the route
}

/** `queryFn: get('/proxies')`. */
export function get<T>(path: string, query?: CallOptions['query']): (context: { signal: AbortSignal }) => Promise<T> {
  return async ({ signal }) => (await call<T>(path, { query, signal })).body
}

/** A first question as a live query keeps asking it: `useLiveQuery<T>({ ...reading<T>(asks.proxies()), topics })`. */
export function reading<T>({ key, path }: Ask): { key: readonly unknown[]; read: () => Promise<T> } {
  return { key, read: () => get<T>(path)({ signal: AbortSignal.timeout(ANSWER_MS) }) }
}

export interface List<T> {
  items: T[]
  metadata: { continue: string | null; resourceVersion: string }
}
