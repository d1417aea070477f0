import { headers } from 'next/headers'
import { apiClient } from '#components/api.ts'
import { processApi } from '#server/api/process.ts'

/** For server components: the API's own handlers, in this process, with the session of whoever asked for the page. */
export const api = apiClient(async (input, init) => {
  const incoming = await headers()
  const request = new Request(input, init)
  for (const name of ['cookie', 'host', 'x-heddle-peer']) {
    const value = incoming.get(name)
    if (value !== null) request.headers.set(name, value)
  }
  return processApi()(request)
}, 'http://in.process')
