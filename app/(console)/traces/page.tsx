import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { parseRange } from '#components/time-range.ts'
import { readFilters } from '#components/trace/filters.ts'
import { TraceSearch } from '#components/trace/TraceSearch.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Traces' }

export default async function TracesPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const params = await searchParams
  return <Page title="Traces"><Prefetched asks={[asks.traces(readFilters(params), parseRange(params)), asks.agentNames()]}><TraceSearch /></Prefetched></Page>
}
