import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { KIND_OF_PART } from '#components/paths.ts'
import { PolicyPage } from '#components/policies/PolicyPage.tsx'
import { Prefetched } from '../../../../Prefetched.tsx'
import { readPart } from '../../../part.ts'

interface Props {
  params: Promise<{ part: string; namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Policies` }
}

export default async function PolicyDetailPage({ params }: Props) {
  const asked = await params
  const part = readPart(asked.part)
  const [namespace, name] = [decodeURIComponent(asked.namespace), decodeURIComponent(asked.name)]
  return <Prefetched asks={[asks.object({ kind: KIND_OF_PART[part], namespace, name })]}><PolicyPage part={part} namespace={namespace} name={name} /></Prefetched>
}
