'use client'
import { paths } from '#components/paths.ts'

/** Ends this session and goes to the sign-in page. A full load, so that nothing of the session stays in memory. */
export async function signOut(): Promise<void> {
  await fetch('/api/auth/sign-out', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  location.assign(paths.signIn())
}
