import type { Metadata } from 'next'
import { AuditList } from '#components/mesh/AuditList.tsx'

export const metadata: Metadata = { title: 'Audit' }

export default function AuditPage() {
  return <AuditList />
}
