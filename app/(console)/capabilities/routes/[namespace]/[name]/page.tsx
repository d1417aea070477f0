import type { Metadata } from 'next'
import { AgentRoutePage } from '#components/capabilities/AgentRoutePage.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Capabilities` }
}

export default async function AgentRouteDetail({ params }: Props) {
  const { namespace, name } = await params
  return <AgentRoutePage namespace={decodeURIComponent(namespace)} name={decodeURIComponent(name)} />
}
