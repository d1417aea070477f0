import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { ExplainPage } from '#components/explain/ExplainPage.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Explain' }

export default function Explain() {
  return <Prefetched asks={[asks.agentNames()]}><ExplainPage /></Prefetched>
}
