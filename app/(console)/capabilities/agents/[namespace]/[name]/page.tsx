import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { RegisteredAgent } from '#components/capabilities/RegisteredAgent.tsx'
import { Prefetched } from '../../../../Prefetched.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Capabilities` }
}

export default async function RegisteredAgentPage({ params }: Props) {
  const [namespace, name] = [decodeURIComponent((await params).namespace), decodeURIComponent((await params).name)]
  return <Prefetched asks={[asks.cards(namespace, name), asks.probed(namespace, name), asks.probeEvents(namespace, name)]}><RegisteredAgent namespace={namespace} name={name} /></Prefetched>
}
