import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { PolicyPage } from '#components/policies/PolicyPage.tsx'
import { Prefetched } from '../../../Prefetched.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Objectives` }
}

export default async function ObjectiveRoute({ params }: Props) {
  const asked = await params
  const at = { namespace: decodeURIComponent(asked.namespace), name: decodeURIComponent(asked.name) }
  return <Prefetched asks={[asks.object({ kind: 'Objective', ...at }), asks.objectiveStates(), asks.alerts(at), asks.silences()]}><PolicyPage part="objectives" {...at} /></Prefetched>
}
