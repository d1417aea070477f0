import type { Metadata } from 'next'
import { NewRoute } from '#components/mesh/NewRoute.tsx'

export const metadata: Metadata = { title: 'New route' }

export default function NewRoutePage() {
  return <NewRoute />
}
