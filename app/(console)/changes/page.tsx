import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { ChangeList } from '#components/mesh/ChangeList.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Changes' }

export default function ChangesPage() {
  return <Page title="Changes"><Prefetched asks={[asks.revisions(null)]}><ChangeList /></Prefetched></Page>
}
