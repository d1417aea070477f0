// One API a process. Next bundles the pages apart from the server that runs them, so the two meet at a name on the global object.
const KEY = Symbol.for('heddle.api')

export type ApiFetch = (request: Request) => Response | Promise<Response>

export function provideApi(fetch: ApiFetch): void {
  Object.assign(globalThis, { [KEY]: fetch })
}

/** The API of this process; only `server/web.ts` starts one. */
export function processApi(): ApiFetch {
  const fetch = (globalThis as { [KEY]?: ApiFetch })[KEY]
  if (!fetch) throw new Error('no API runs in this process: start it with `heddle web`')
  return fetch
}
