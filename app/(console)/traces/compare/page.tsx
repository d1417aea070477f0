import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { ComparePage } from '#components/trace/ComparePage.tsx'

export const metadata: Metadata = { title: 'Two traces' }

export default async function CompareTraces({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const { a, b } = await searchParams
  if (typeof a !== 'string' || a === '') notFound()
  // Asked by the browser, as a trace alone is: it may have fifty thousand spans.
  return <ComparePage first={a.toLowerCase()} second={typeof b === 'string' && b !== '' ? b.toLowerCase() : null} />
}
