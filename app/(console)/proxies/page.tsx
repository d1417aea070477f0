import type { Metadata } from 'next'
import { ProxyList } from '#components/mesh/ProxyList.tsx'
import { Page } from '#components/ui/Page.tsx'

export const metadata: Metadata = { title: 'Proxies' }

export default function ProxiesPage() {
  return <Page title="Proxies" command="heddle proxies"><ProxyList /></Page>
}
