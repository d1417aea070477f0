import type { Metadata } from 'next'
import { NewPolicy } from '#components/policies/NewPolicy.tsx'
import { readPart } from '../../part.ts'

export const metadata: Metadata = { title: 'New policy' }

export default async function NewPolicyPage({ params }: { params: Promise<{ part: string }> }) {
  return <NewPolicy part={readPart((await params).part)} />
}
