import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { RoutePage } from '#components/mesh/RoutePage.tsx'
import { Prefetched } from '../../../../Prefetched.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Routes` }
}

export default async function GrpcRoutePage({ params }: Props) {
  const { namespace, name } = await params
  const at = { kind: 'GRPCRoute', namespace: decodeURIComponent(namespace), name: decodeURIComponent(name) } as const
  return <Prefetched asks={[asks.object(at), asks.revisions(at), asks.proxies()]}><RoutePage kind="GRPCRoute" namespace={at.namespace} name={at.name} /></Prefetched>
}
