import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { PolicyListPage } from '#components/policies/PolicyList.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Policies' }

export default function PoliciesPage() {
  return <Prefetched asks={[asks.policies('AuthorizationPolicy')]}><PolicyListPage part="access" /></Prefetched>
}
