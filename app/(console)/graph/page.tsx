import type { Metadata } from 'next'
import { GraphExplorer } from '#components/graph/GraphExplorer.tsx'

export const metadata: Metadata = { title: 'Graph' }

export default function GraphPage() {
  return <GraphExplorer />
}
