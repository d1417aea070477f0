import type { Metadata } from 'next'
import { SessionsPage } from '#components/sessions/SessionsPage.tsx'

export const metadata: Metadata = { title: 'Sessions' }

export default function SessionList() {
  return <SessionsPage />
}
