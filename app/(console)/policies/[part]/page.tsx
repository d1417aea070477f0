import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { KIND_OF_PART } from '#components/paths.ts'
import { PolicyListPage } from '#components/policies/PolicyList.tsx'
import { Prefetched } from '../../Prefetched.tsx'
import { readPart } from '../part.ts'

export const metadata: Metadata = { title: 'Policies' }

export default async function PoliciesOfPartPage({ params }: { params: Promise<{ part: string }> }) {
  const part = readPart((await params).part)
  return <Prefetched asks={[asks.policies(KIND_OF_PART[part])]}><PolicyListPage part={part} /></Prefetched>
}
