import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import type { Person } from '#components/shell/Shell.tsx'
import { answer } from '#components/api.ts'
import { paths } from '#components/paths.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { api } from '../api.server.ts'

/** Who is signed in; whoever is not goes to sign in, and comes back here. */
export async function readPerson(): Promise<Person> {
  try {
    const { name, role } = await answer(api.auth.session.$get())
    return { name, role }
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== 'unauthenticated') throw error
  }
  const here = (await headers()).get('x-heddle-path')
  redirect(paths.signIn({ next: here && here !== '/' ? here : undefined }))
}
