import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { PolicyPage } from '#components/mesh/PolicyPage.tsx'
import { Prefetched } from '../../../../Prefetched.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Policies` }
}

export default async function PolicyDetailPage({ params }: Props) {
  const { namespace, name } = await params
  const at = { kind: 'AuthorizationPolicy', namespace: decodeURIComponent(namespace), name: decodeURIComponent(name) } as const
  return <Prefetched asks={[asks.object(at)]}><PolicyPage namespace={at.namespace} name={at.name} /></Prefetched>
}
