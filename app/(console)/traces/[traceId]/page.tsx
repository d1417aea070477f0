import type { Metadata } from 'next'
import { preload } from 'react-dom'
import { asks } from '#components/asks.ts'
import { TracePage } from '#components/trace/TracePage.tsx'

interface Props {
  params: Promise<{ traceId: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Trace ${(await params).traceId.slice(0, 8)}` }
}

export default async function TraceDetailPage({ params }: Props) {
  const traceId = decodeURIComponent((await params).traceId).toLowerCase()
  // Asked by the browser, as the first thing it does: a trace may have fifty thousand spans, which would stand twice in the page.
  preload(`/api/v1${asks.trace(traceId).path}`, { as: 'fetch', crossOrigin: 'anonymous' })
  return <TracePage traceId={traceId} />
}
