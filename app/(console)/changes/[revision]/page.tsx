import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { RevisionNumber } from '#server/contracts/ids.ts'
import { asks } from '#components/asks.ts'
import { ChangePage } from '#components/mesh/ChangePage.tsx'
import { Prefetched } from '../../Prefetched.tsx'

interface Props {
  params: Promise<{ revision: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Revision ${(await params).revision}` }
}

export default async function RevisionPage({ params }: Props) {
  const number = RevisionNumber.safeParse((await params).revision)
  if (!number.success) notFound()
  return <Prefetched asks={[asks.revision(number.data), asks.revisionStatus(number.data)]}><ChangePage key={number.data} number={number.data} /></Prefetched>
}
