import { headers } from 'next/headers'
import { apiClient, problemOf } from '#components/api.ts'
import { processApi } from '#server/api/process.ts'

const ORIGIN = 'http://in.process'

/** For server components: the API's own handlers, in this process, with the session of whoever asked for the page. */
export const api = apiClient(askInProcess, ORIGIN)

/** An answer by its path below `/api/v1`; a problem is thrown as the MeshError that was meant. */
export async function readInProcess(path: string): Promise<unknown> {
  const response = await askInProcess(`${ORIGIN}/api/v1${path}`)
  if (response.ok) return response.json()
  throw await problemOf(response)
}

async function askInProcess(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const incoming = await headers()
  const request = new Request(input, init)
  for (const name of ['cookie', 'host', 'x-heddle-peer']) {
    const value = incoming.get(name)
    if (value !== null) request.headers.set(name, value)
  }
  return processApi()(request)
}
