import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { Settings } from '#components/mesh/Settings.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Settings' }

export default function SettingsPage() {
  return <Prefetched asks={[asks.tokens()]}><Settings /></Prefetched>
}
