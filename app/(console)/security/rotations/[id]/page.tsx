import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { RotationPage } from '#components/mesh/RotationPage.tsx'
import { Prefetched } from '../../../Prefetched.tsx'

export const metadata: Metadata = { title: 'Rotation' }

export default async function RotationDetailPage({ params }: { params: Promise<{ id: string }> }) {
  const id = decodeURIComponent((await params).id)
  return <Prefetched asks={[asks.rotation(id)]}><RotationPage id={id} /></Prefetched>
}
