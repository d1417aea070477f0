import type { Metadata } from 'next'
import { SecurityPage } from '#components/mesh/SecurityPage.tsx'

export const metadata: Metadata = { title: 'Security' }

export default function IdentitiesPage() {
  return <SecurityPage />
}
