import type { Metadata } from 'next'
import { TraceSearch } from '#components/trace/TraceSearch.tsx'
import { Page } from '#components/ui/Page.tsx'

export const metadata: Metadata = { title: 'Traces' }

export default function TracesPage() {
  return <Page title="Traces"><TraceSearch /></Page>
}
