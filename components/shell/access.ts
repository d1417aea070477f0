'use client'
import { createContext, use } from 'react'
import { Role } from '#server/contracts/security.ts'

/** Who is signed in, for controls that not everybody may use. */
export const PersonContext = createContext<{ name: string; role: string }>({ name: '', role: 'viewer' })

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }

export function usePerson(): { name: string; role: string } {
  return use(PersonContext)
}

/** Why this person may not do what needs `needed`, in a sentence; null when they may. The API decides in any case. */
export function useWhyNot(needed: Role): string | null {
  const role = Role.safeParse(usePerson().role)
  if (role.success && RANK[role.data] >= RANK[needed]) return null
  return `This needs the role ${needed}; yours is ${role.success ? role.data : 'unknown'}`
}
