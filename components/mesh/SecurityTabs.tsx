import { Tabs } from '#components/ui/Tabs.tsx'
import { paths } from '#components/paths.ts'

export function SecurityTabs({ open }: { open: 'identities' | 'rotations' }) {
  return <Tabs label="Parts of security" open={open} tabs={[{ id: 'identities', href: paths.security(), title: 'Identities' }, { id: 'rotations', href: '/security/rotations', title: 'Rotations' }]} />
}
