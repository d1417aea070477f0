import type { Metadata } from 'next'
import { SessionPage } from '#components/sessions/SessionPage.tsx'

export const metadata: Metadata = { title: 'Session' }

export default async function SessionDetail({ params }: { params: Promise<{ conversation: string }> }) {
  return <SessionPage conversation={decodeURIComponent((await params).conversation)} />
}
