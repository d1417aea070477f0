import type { Metadata } from 'next'
import { ProxyPage } from '#components/mesh/ProxyPage.tsx'

interface Props {
  params: Promise<{ id: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).id)} · Proxies` }
}

export default async function ProxyDetailPage({ params }: Props) {
  return <ProxyPage id={decodeURIComponent((await params).id)} />
}
