// The typed client of the REST API, the same in a browser and in a server component. From the server it takes types alone.
import { hc, type ClientResponse } from 'hono/client'
import type { Api } from '#server/api/app.ts'
import { FAILURES, MeshError, type FailureCode, type Problem } from '#server/contracts/errors.ts'

/** `await answer(api.revisions.$get({ query: { limit: '20' } }))`: paths as properties, parameters and answers typed. */
export function apiClient(fetch: typeof globalThis.fetch, origin = '/') {
  return hc<Api>(origin, { fetch }).api.v1
}
export type ApiClient = ReturnType<typeof apiClient>

/** For client components; the browser brings cookie and Origin. */
export const api: ApiClient = apiClient((input, init) => fetch(input, init))

/** The body of a good answer, typed; a problem is thrown as the MeshError that the server meant. */
export async function answer<T>(response: Promise<ClientResponse<T, number, string>>): Promise<T> {
  const got = await response
  if (got.ok) return (await got.json()) as T // the schema of the route; the server wrote it
  throw await problemOf(got)
}

interface ProblemBody {
  code?: string
  detail?: string
  problems?: Problem[]
  [extension: string]: unknown
}

export async function problemOf(response: { status: number; json(): Promise<unknown> }): Promise<MeshError> {
  const body = (await response.json().catch(() => ({}))) as ProblemBody // what is no problem+json has no fields to read
  const code = body.code !== undefined && body.code in FAILURES ? (body.code as FailureCode) : 'unavailable'
  const { detail, problems, ...extra } = body
  return new MeshError(code, detail ?? `Heddle answered ${response.status}`, { problems, extra })
}
