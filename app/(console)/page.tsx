import type { Metadata } from 'next'
import { answer } from '#components/api.ts'
import { OverviewPage } from '#components/overview/OverviewPage.tsx'
import { parseRange, rangeQuery } from '#components/time-range.ts'
import { api } from '../api.server.ts'
import { readOtlpUrl } from '../otlp-url.ts'

export const metadata: Metadata = { title: 'Overview' }

export default async function Overview({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const initial = await answer(api.overview.$get({ query: rangeQuery(parseRange(await searchParams)) }))
  return <OverviewPage initial={initial} otlpHttp={await readOtlpUrl()} />
}
