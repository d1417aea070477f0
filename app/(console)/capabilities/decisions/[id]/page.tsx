import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { DecisionPage } from '#components/capabilities/DecisionPage.tsx'
import { Prefetched } from '../../../Prefetched.tsx'

export const metadata: Metadata = { title: 'Why did this task go there?' }

export default async function DecisionDetail({ params }: { params: Promise<{ id: string }> }) {
  const id = decodeURIComponent((await params).id)
  return <Prefetched asks={[asks.decision(id)]}><DecisionPage id={id} /></Prefetched>
}
