import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { EgressList } from '#components/egress/EgressList.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Outside' }

export default function EgressPage() {
  return <Page title="Outside" command="npx heddle egress list"><Prefetched asks={[asks.egress()]}><EgressList /></Prefetched></Page>
}
