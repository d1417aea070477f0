import type { Metadata } from 'next'
import { NewPolicy } from '#components/mesh/PolicyPage.tsx'

export const metadata: Metadata = { title: 'New policy' }

export default function NewPolicyPage() {
  return <NewPolicy />
}
