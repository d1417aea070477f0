import type { Metadata } from 'next'
import { NewPolicy } from '#components/policies/NewPolicy.tsx'

export const metadata: Metadata = { title: 'New objective' }

export default function NewObjectiveRoute() {
  return <NewPolicy part="objectives" />
}
