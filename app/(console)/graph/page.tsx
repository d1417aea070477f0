import type { Metadata } from 'next'
import { answer } from '#components/api.ts'
import { GraphExplorer } from '#components/graph/GraphExplorer.tsx'
import { parseRange, rangeQuery } from '#components/time-range.ts'
import { api } from '../../api.server.ts'

export const metadata: Metadata = { title: 'Graph' }

export default async function GraphPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  return <GraphExplorer initial={await answer(api.graph.$get({ query: { by: 'agent', ...rangeQuery(parseRange(await searchParams)) } }))} />
}
