import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { AgentPage } from '#components/agents/AgentPage.tsx'
import { answer } from '#components/api.ts'
import { parseRange, rangeQuery } from '#components/time-range.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { api } from '../../../../api.server.ts'

interface Props {
  params: Promise<{ namespace: string; name: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) }
}

export default async function Agent({ params, searchParams }: Props) {
  const { namespace, name } = await params
  const [ns, decoded] = [decodeURIComponent(namespace), decodeURIComponent(name)]
  try {
    const initial = await answer(api['agent-summaries'][':ns'][':name'].$get({ param: { ns, name: decoded }, query: rangeQuery(parseRange(await searchParams)) }))
    return <AgentPage initial={initial} path={`/api/v1/agent-summaries/${encodeURIComponent(ns)}/${encodeURIComponent(decoded)}`} />
  } catch (error) {
    if (error instanceof MeshError && error.code === 'not_found') notFound()
    throw error
  }
}
