'use client'
import type { AgentDetail } from '#server/contracts/overview.ts'
import type { GraphEdge } from '#server/contracts/telemetry.ts'
import { paths } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { formatMs, formatRate, formatShare } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'

/** Who calls it, and what it calls. */
export function AgentCalls({ agent, seconds }: { agent: AgentDetail; seconds: number }) {
  return (
    <div className="grid gap-4.5 2xl:grid-cols-2">
      <Calls title="Who calls it" edges={agent.callers} peer={(edge) => edge.source} seconds={seconds} none="Nobody called it in this time." />
      <Calls title="What it calls" edges={agent.callees} peer={(edge) => edge.target} seconds={seconds} none="It called nobody in this time." />
    </div>
  )
}

function Calls({ title, edges, peer, seconds, none }: { title: string; edges: readonly GraphEdge[]; peer: (edge: GraphEdge) => string; seconds: number; none: string }) {
  return (
    <Card title={title} note={edges.length || undefined} flush>
      {edges.length === 0 ? (
        <p className="m-0 px-2.5 py-3 text-base text-muted">{none}</p>
      ) : (
        <Table label={title}>
          <thead>
            <tr><Th>Agent</Th><Th right>Requests</Th><Th right>Errors</Th><Th right>p95</Th><Th right>mTLS</Th></tr>
          </thead>
          <tbody>
            {edges.toSorted((a, b) => b.requests - a.requests).map((edge) => (
              <tr key={edge.id}>
                <Td><PeerLink id={peer(edge)} /></Td>
                <Td right><Link href={paths.edge(edge.source, edge.target)} className="no-underline hover:underline" aria-label={`${formatRate(edge.requests / seconds)}, the course of these calls`}>{formatRate(edge.requests / seconds)}</Link></Td>
                <Td right>{formatShare(edge.requests > 0 ? edge.errors / edge.requests : null)}</Td>
                <Td right>{formatMs(edge.latencyMs?.p95 ?? null)}</Td>
                <Td right>{formatShare(edge.mtlsShare)}</Td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  )
}

/** `agent/NAMESPACE/NAME` has a page; anybody else is shown in the graph. */
function PeerLink({ id }: { id: string }) {
  const [kind, namespace, name] = id.split('/')
  const isAgent = kind === 'agent' && namespace !== undefined && name !== undefined
  return <Link href={isAgent ? paths.agent(namespace, name) : paths.graph({ select: id })} className="font-medium no-underline hover:underline">{isAgent ? name : id.slice(id.indexOf('/') + 1)}</Link>
}
