import type { Metadata } from 'next'
import { DecisionPage } from '#components/capabilities/DecisionPage.tsx'

export const metadata: Metadata = { title: 'Why did this task go there?' }

export default async function DecisionDetail({ params }: { params: Promise<{ id: string }> }) {
  return <DecisionPage id={decodeURIComponent((await params).id)} />
}
