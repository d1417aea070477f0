import type { Person } from '#components/shell/Shell.tsx'

/** Who is signed in. */
export async function readPerson(): Promise<Person> {
  return { name: 'admin', role: 'admin' }
}
