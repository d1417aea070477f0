import type { Metadata } from 'next'
import { TracePage } from '#components/trace/TracePage.tsx'

interface Props {
  params: Promise<{ traceId: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Trace ${(await params).traceId.slice(0, 8)}` }
}

export default async function TraceDetailPage({ params }: Props) {
  // Asked by the browser: a trace may have fifty thousand spans, which would stand twice in the page.
  return <TracePage traceId={decodeURIComponent((await params).traceId).toLowerCase()} />
}
