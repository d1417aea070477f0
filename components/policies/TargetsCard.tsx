'use client'
import type { ReactNode } from 'react'
import { Card } from '#components/ui/Card.tsx'
import { ListAt, TextAt } from '#components/mesh/BoundFields.tsx'

/** The agents that a policy is about; they are of its own namespace. */
export function TargetsCard({ title, empty, children }: { title: string; empty?: string; children?: ReactNode }) {
  return (
    <Card title="About">
      <div className="grid gap-4">
        <ListAt path={['spec', 'targetRefs']} title={title} empty={empty} one="agent" max={64} fresh={() => ({ kind: 'Agent', name: '' })}>
          {(path, index) => <TextAt path={[...path, 'name']} label={`Agent ${index + 1}`} labelHidden placeholder="name of an agent" mono className="max-w-96" />}
        </ListAt>
        {children}
      </div>
    </Card>
  )
}
