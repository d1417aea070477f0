import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { RouteList } from '#components/mesh/RouteList.tsx'
import { NewRouteButton } from '#components/mesh/NewRouteButton.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Routes' }

export default function RoutesPage() {
  return <Page title="Routes" actions={<NewRouteButton />} command="npx heddle get httproutes"><Prefetched asks={[asks.routes(), asks.grpcRoutes()]}><RouteList /></Prefetched></Page>
}
