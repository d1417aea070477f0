import type { Metadata } from 'next'
import { answer } from '#components/api.ts'
import { OverviewPage } from '#components/overview/OverviewPage.tsx'
import { parseRange, rangeQuery } from '#components/time-range.ts'
import { api } from '../api.server.ts'
import { readDoors } from '../doors.ts'

export const metadata: Metadata = { title: 'Overview' }

export default async function Overview({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const query = rangeQuery(parseRange(await searchParams))
  const [initial, doors] = await Promise.all([answer(api.overview.$get({ query })), readDoors()])
  return <OverviewPage initial={initial} otlpHttp={doors.otlpHttp} />
}
