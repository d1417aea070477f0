import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { answer } from '#components/api.ts'
import { EdgePage } from '#components/graph/EdgePage.tsx'
import { parseRange, rangeQuery } from '#components/time-range.ts'
import { api } from '../../api.server.ts'

export const metadata: Metadata = { title: 'Calls' }

export default async function Edge({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const params = await searchParams
  const { source, target } = params
  if (typeof source !== 'string' || typeof target !== 'string' || source === '' || target === '') notFound()
  return <EdgePage initial={await answer(api.graph.$get({ query: { by: 'agent', ...rangeQuery(parseRange(params)) } }))} source={source} target={target} />
}
