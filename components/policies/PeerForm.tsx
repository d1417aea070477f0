'use client'
import { ChoiceAt } from '#components/mesh/BoundFields.tsx'
import { TargetsCard } from './TargetsCard.tsx'

const MODES = [{ id: 'strict', title: 'mutual TLS alone' }, { id: 'permissive', title: 'mutual TLS, and plaintext' }] as const

/** Every field of a PeerAuthentication but its name. */
export function PeerForm() {
  return (
    <TargetsCard title="Calls to" empty="every agent of the namespace">
      <ChoiceAt path={['spec', 'mtls']} label="Takes" options={MODES} className="max-w-72" />
    </TargetsCard>
  )
}
