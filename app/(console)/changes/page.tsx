import type { Metadata } from 'next'
import { ChangeList } from '#components/mesh/ChangeList.tsx'
import { Page } from '#components/ui/Page.tsx'

export const metadata: Metadata = { title: 'Changes' }

export default function ChangesPage() {
  return <Page title="Changes"><ChangeList /></Page>
}
