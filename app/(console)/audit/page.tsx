import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { AuditList } from '#components/mesh/AuditList.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Audit' }

export default function AuditPage() {
  return <Prefetched asks={[asks.audit({ actor: null, action: null, result: null })]}><AuditList /></Prefetched>
}
