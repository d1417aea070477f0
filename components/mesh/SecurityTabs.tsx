import { Tabs } from '#components/ui/Tabs.tsx'
import { paths } from '#components/paths.ts'

export function SecurityTabs({ open }: { open: 'identities' | 'policies' | 'rotations' }) {
  return <Tabs label="Parts of security" open={open} tabs={[{ id: 'identities', href: paths.security(), title: 'Identities' }, { id: 'policies', href: paths.policies(), title: 'Policies' }, { id: 'rotations', href: '/security/rotations', title: 'Rotations' }]} />
}
