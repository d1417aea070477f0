import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { FindingsPage } from '#components/findings/FindingsPage.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Findings' }

export default function Findings() {
  return <Prefetched asks={[asks.analysis()]}><FindingsPage /></Prefetched>
}
