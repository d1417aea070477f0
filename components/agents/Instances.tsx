'use client'
import type { AgentInstance, AgentLevel } from '#server/contracts/overview.ts'
import { paths } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { NOTHING } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

/** Where it runs: each address, its version, and how long it has said that it is there. */
export function Instances({ items, level }: { items: readonly AgentInstance[]; level: AgentLevel }) {
  return (
    <Card title="Instances" note={items.length || undefined} flush>
      {items.length === 0 ? (
        <EmptyState kind="no-data" title="No instance is registered">{level === 'traces' ? 'Without a sidecar Heddle knows its spans, and not where it runs.' : 'Its sidecars have stopped, or cannot reach control: a lease lasts 6 seconds.'}</EmptyState>
      ) : (
        <Table label="Instances">
          <thead>
            <tr><Th>Instance</Th><Th>Version</Th><Th>Address</Th><Th>State</Th><Th>Lease</Th><Th>Sends through</Th></tr>
          </thead>
          <tbody>
            {items.map((instance) => (
              <tr key={instance.id}>
                <Td>{instance.source === 'sidecar' ? <Link href={paths.proxy(instance.id)} className="font-medium no-underline hover:underline">{instance.id}</Link> : instance.id}</Td>
                <Td muted>{instance.version}</Td>
                <Td className="font-mono text-[12px]">{instance.address}:{instance.port}</Td>
                <Td><Tag state={instance.state === 'ready' ? 'ok' : instance.state === 'draining' ? 'warn' : 'idle'}>{instance.state}</Tag></Td>
                <Td muted>{instance.leaseUntil === null ? 'none: static' : <span title={`until ${instance.leaseUntil} unless it is renewed`}>held by its sidecar</span>}</Td>
                <Td muted className="font-mono text-[12px]">{instance.outboundUrl ?? NOTHING}</Td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  )
}
