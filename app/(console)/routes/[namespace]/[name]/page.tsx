import type { Metadata } from 'next'
import { RoutePage } from '#components/mesh/RoutePage.tsx'

interface Props {
  params: Promise<{ namespace: string; name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).name)} · Routes` }
}

export default async function RouteDetailPage({ params }: Props) {
  const { namespace, name } = await params
  return <RoutePage namespace={decodeURIComponent(namespace)} name={decodeURIComponent(name)} />
}
