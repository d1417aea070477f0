import type { Metadata } from 'next'
import { RotationPage } from '#components/mesh/RotationPage.tsx'

export const metadata: Metadata = { title: 'Rotation' }

export default async function RotationDetailPage({ params }: { params: Promise<{ id: string }> }) {
  return <RotationPage id={decodeURIComponent((await params).id)} />
}
