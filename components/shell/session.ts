import { problemOf } from '#components/api.ts'
import { paths } from '#components/paths.ts'

/** Sends JSON; a problem is thrown as the MeshError that the server meant. */
export async function post(path: string, body: object, method: 'POST' | 'PUT' = 'POST'): Promise<void> {
  const response = await fetch(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw await problemOf(response)
}

/** Ends this session and goes to the sign-in page. A full load, so that nothing of the session stays in memory. */
export async function signOut(): Promise<void> {
  await post('/api/v1/auth/sign-out', {}).catch(() => {})
  location.assign(paths.signIn())
}

/** Where to go after signing in: a path of this console, never another site. */
export function localPath(next: string): string {
  if (!next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return paths.overview()
  const url = new URL(next, 'http://here')
  return url.host === 'here' && !url.pathname.startsWith('/sign-in') ? `${url.pathname}${url.search}` : paths.overview()
}
