import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { ProxyList } from '#components/mesh/ProxyList.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Proxies' }

export default function ProxiesPage() {
  return <Page title="Proxies" command="npx heddle proxies"><Prefetched asks={[asks.proxies()]}><ProxyList /></Prefetched></Page>
}
