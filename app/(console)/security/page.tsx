import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { SecurityPage } from '#components/mesh/SecurityPage.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Security' }

export default function IdentitiesPage() {
  return <Prefetched asks={[asks.certificates(), asks.rotations()]}><SecurityPage /></Prefetched>
}
