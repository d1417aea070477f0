import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { RotationList } from '#components/mesh/RotationList.tsx'
import { SecurityTabs } from '#components/mesh/SecurityTabs.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Prefetched } from '../../Prefetched.tsx'

export const metadata: Metadata = { title: 'Rotations' }

export default function RotationsPage() {
  return <Page title="Security" command="npx heddle rotate status"><SecurityTabs open="rotations" /><Prefetched asks={[asks.rotations()]}><RotationList /></Prefetched></Page>
}
