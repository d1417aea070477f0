import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { PolicyList } from '#components/mesh/PolicyList.tsx'
import { SecurityTabs } from '#components/mesh/SecurityTabs.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Prefetched } from '../../Prefetched.tsx'

export const metadata: Metadata = { title: 'Policies' }

export default function PoliciesPage() {
  return <Page title="Security" command="heddle get authorizationpolicies"><SecurityTabs open="policies" /><Prefetched asks={[asks.policies()]}><PolicyList /></Prefetched></Page>
}
