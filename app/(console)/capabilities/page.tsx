import type { Metadata } from 'next'
import { asks, type Ask } from '#components/asks.ts'
import { CapabilitiesPage } from '#components/capabilities/CapabilitiesPage.tsx'
import type { CapabilitiesTab } from '#components/paths.ts'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Capabilities' }

type Asked = Record<string, string | string[] | undefined>

function firstQuestion({ tab, q, means, traceId }: Asked): Ask {
  const text = (value: Asked[string]) => (typeof value === 'string' ? value : '')
  const questions: Record<CapabilitiesTab, Ask> = {
    agents: asks.registry({ q: text(q), means: text(means) }),
    routes: asks.agentRoutes(),
    playground: asks.agentRoutes(),
    decisions: asks.decisions(text(traceId) || null),
    strangers: asks.peers(),
  }
  return Object.hasOwn(questions, text(tab)) ? questions[text(tab) as CapabilitiesTab] : questions.agents // it is one of its keys
}

export default async function Capabilities({ searchParams }: { searchParams: Promise<Asked> }) {
  return <Prefetched asks={[firstQuestion(await searchParams)]}><CapabilitiesPage /></Prefetched>
}
