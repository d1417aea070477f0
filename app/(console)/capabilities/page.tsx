import type { Metadata } from 'next'
import { CapabilitiesPage } from '#components/capabilities/CapabilitiesPage.tsx'

export const metadata: Metadata = { title: 'Capabilities' }

export default function Capabilities() {
  return <CapabilitiesPage />
}
