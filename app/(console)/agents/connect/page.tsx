import type { Metadata } from 'next'
import { ConnectPage } from '#components/agents/ConnectPage.tsx'
import { readDoors } from '../../../doors.ts'

export const metadata: Metadata = { title: 'Connect an agent' }

export default async function Connect({ searchParams }: { searchParams: Promise<{ agent?: string | string[] }> }) {
  const { agent } = await searchParams
  return <ConnectPage doors={await readDoors()} agent={typeof agent === 'string' ? agent : ''} />
}
