'use client'
import { useRouter } from 'next/navigation'
import type { AgentRoute } from '#server/contracts/agent-route.ts'
import { asks } from '#components/asks.ts'
import { FindingsMark } from '#components/findings/OwnFindings.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { paths } from '#components/paths.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { NOTHING, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'

const COLUMNS: readonly Column<AgentRoute>[] = [
  { id: 'name', header: 'Route', sortBy: ({ metadata }) => `${metadata.namespace}/${metadata.name}`, cell: ({ metadata }) => <Link href={paths.agentRoute(metadata.namespace, metadata.name)} className="font-medium no-underline hover:underline">{metadata.name}</Link> },
  { id: 'called', header: 'Called as', cell: ({ metadata, spec }) => <span className="font-mono text-sm">{spec.hostnames[0] ?? `${metadata.name}.${metadata.namespace}.route.mesh`}</span> },
  { id: 'needs', header: 'Needs', cell: ({ spec }) => spec.require.capability ?? (spec.candidates.map(({ name }) => name).join(', ') || 'anybody') },
  { id: 'by', header: 'Chosen by', cell: ({ spec }) => (spec.semantic && spec.semantic.mode !== 'off' ? `what the task says (${spec.semantic.mode})` : spec.strategy) },
  { id: 'state', header: 'Findings', cell: ({ kind, metadata: { namespace, name } }) => <FindingsMark at={{ kind, namespace, name }} /> },
  { id: 'fallback', header: 'Else', muted: true, cell: ({ spec }) => spec.fallback?.name ?? NOTHING },
  { id: 'try', header: '', cell: ({ metadata }) => <Link href={paths.capabilities({ tab: 'playground', route: `${metadata.namespace}/${metadata.name}` })}>Try a task</Link> },
]

export function AgentRouteList() {
  const query = useLiveQuery<List<AgentRoute>>({ ...reading<List<AgentRoute>>(asks.agentRoutes()), topics: TOPICS.revisions, everyMs: 10_000 })
  const router = useRouter()
  const why = useWhyNot('operator')
  return (
    <Card flush title="Routes by capability and content" note={query.data && plural(query.data.items.length, 'route')} actions={<Button small why={why} onPress={() => router.push(paths.newAgentRoute())}>New route</Button>}>
      <Loaded query={query} what="the routes">
        {({ items }) => <DataTable label="Agent routes" columns={COLUMNS} rows={items} rowKey={({ metadata }) => `${metadata.namespace}/${metadata.name}`}
          empty={<EmptyState kind="no-data" title="No route yet">Every capability can be called as capability.ID.mesh without one. A route narrows who may answer, or lets the task itself decide.</EmptyState>} />}
      </Loaded>
    </Card>
  )
}
