'use client'
import { Button as AriaButton } from 'react-aria-components'
import { paths } from '#components/paths.ts'
import { Menu } from '#components/ui/Menu.tsx'
import type { Person } from './Shell.tsx'
import { signOut } from './session.ts'

export function PersonMenu({ person }: { person: Person }) {
  const initials = person.name.split(/[\s@._-]+/).slice(0, 2).map((word) => word[0] ?? '').join('').toUpperCase()
  return (
    <Menu
      label={`${person.name}, ${person.role}`}
      items={[
        { id: 'settings', title: `${person.name}, ${person.role}`, href: paths.settings() },
        { id: 'out', title: 'Sign out', onAction: () => void signOut() },
      ]}
    >
      <AriaButton className="grid h-[26px] w-[26px] flex-none place-items-center rounded-full bg-accent-soft text-xs font-medium text-accent-text"><span aria-hidden>{initials || '?'}</span><span className="sr-only">Account of {person.name}</span></AriaButton>
    </Menu>
  )
}
