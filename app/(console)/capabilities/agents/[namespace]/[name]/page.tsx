import type { Metadata } from 'next'
import { RegisteredAgent } from '#components/capabilities/RegisteredAgent.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Capabilities` }
}

export default async function RegisteredAgentPage({ params }: Props) {
  const { namespace, name } = await params
  return <RegisteredAgent namespace={decodeURIComponent(namespace)} name={decodeURIComponent(name)} />
}
