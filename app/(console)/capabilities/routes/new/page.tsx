import type { Metadata } from 'next'
import { NewAgentRoute } from '#components/capabilities/AgentRoutePage.tsx'

export const metadata: Metadata = { title: 'New route by capability' }

export default function NewAgentRoutePage() {
  return <NewAgentRoute />
}
