import type { ReactNode } from 'react'
import { Shell } from '#components/shell/Shell.tsx'
import { readPerson } from './person.ts'

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  return <Shell person={await readPerson()}>{children}</Shell>
}
