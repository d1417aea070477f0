import type { Metadata } from 'next'
import { PolicyPage } from '#components/mesh/PolicyPage.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Policies` }
}

export default async function PolicyDetailPage({ params }: Props) {
  const { namespace, name } = await params
  return <PolicyPage namespace={decodeURIComponent(namespace)} name={decodeURIComponent(name)} />
}
