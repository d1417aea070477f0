import type { Metadata } from 'next'
import { AgentsPage } from '#components/agents/AgentsPage.tsx'
import { answer } from '#components/api.ts'
import { parseRange, rangeQuery } from '#components/time-range.ts'
import { api } from '../../api.server.ts'

export const metadata: Metadata = { title: 'Agents' }

export default async function Agents({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  return <AgentsPage initial={await answer(api['agent-summaries'].$get({ query: rangeQuery(parseRange(await searchParams)) }))} />
}
