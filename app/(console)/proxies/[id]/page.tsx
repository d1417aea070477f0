import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { ProxyPage } from '#components/mesh/ProxyPage.tsx'
import { Prefetched } from '../../Prefetched.tsx'

interface Props {
  params: Promise<{ id: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).id)} · Proxies` }
}

export default async function ProxyDetailPage({ params }: Props) {
  const id = decodeURIComponent((await params).id)
  return <Prefetched asks={[asks.proxy(id), asks.proxyResources(id)]}><ProxyPage id={id} /></Prefetched>
}
