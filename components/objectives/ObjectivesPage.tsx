'use client'
import { useRouter } from 'next/navigation'
import type { Objective, ObjectiveStatus } from '#server/contracts/objective.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { paths, withQuery } from '#components/paths.ts'
import { POLICY_KINDS } from '#components/policies/kinds.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatCount, NOTHING, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Page } from '#components/ui/Page.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { Alerts } from './Alerts.tsx'
import { Budget } from './Budget.tsx'
import { describeAim, STATE_MARK } from './words.ts'

interface Row {
  objective: Objective
  /** Null until it has been looked at. */
  status: ObjectiveStatus | null
}

const keyOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`

const COLUMNS: readonly Column<Row>[] = [
  { id: 'name', header: 'Objective', sortBy: ({ objective }) => keyOf(objective.metadata), cell: ({ objective: { metadata } }) => <Link href={paths.policy('objectives', metadata.namespace, metadata.name)} className="font-medium no-underline hover:underline">{metadata.namespace !== 'default' && <span className="text-muted">{metadata.namespace}/</span>}{metadata.name}</Link> },
  { id: 'agent', header: 'Agent', sortBy: ({ objective }) => objective.spec.targetRef.name, cell: ({ objective }) => objective.spec.targetRef.name },
  { id: 'aim', header: 'What is expected', wrap: true, cell: ({ objective }) => <span className="block min-w-56">{describeAim(objective.spec)}, over {Number.parseInt(objective.spec.window, 10)} days</span> },
  { id: 'state', header: 'State', sortBy: ({ status }) => (status ? ['burning', 'spent', 'no data', 'met'].indexOf(status.state) : 4), cell: ({ status }) => (status ? <Tag state={STATE_MARK[status.state]}>{status.state}</Tag> : <span className="text-muted">not looked at yet</span>) },
  { id: 'budget', header: 'Budget left', sortBy: ({ status }) => status?.budgetLeft ?? 2, cell: ({ status }) => (status?.budgetLeft === null || !status ? NOTHING : <Budget left={status.budgetLeft} label={status.name} />) },
  { id: 'burn', header: 'Burn in an hour', right: true, sortBy: ({ status }) => -(status?.burn['1h'] ?? -1), cell: ({ status }) => (typeof status?.burn['1h'] === 'number' ? `${status.burn['1h'].toFixed(1)}×` : NOTHING) },
  { id: 'calls', header: 'Counted', right: true, cell: ({ status }) => (status ? formatCount(status.calls) : NOTHING) },
]

/** What agents are to achieve, how they do, and the alerts of those that do not. */
export function ObjectivesPage() {
  const objectives = useLiveQuery<List<Objective>>({ ...reading<List<Objective>>(asks.policies('Objective')), topics: TOPICS.revisions, everyMs: 15_000 })
  const states = useLiveQuery<List<ObjectiveStatus>>({ ...reading<List<ObjectiveStatus>>(asks.objectiveStates()), topics: TOPICS.telemetry, everyMs: 10_000 })
  const router = useRouter()
  const why = useWhyNot('operator')
  const { says, empty } = POLICY_KINDS.objectives
  const statusOf = new Map(states.data?.items.map((status) => [keyOf(status), status]))
  const add = <Button look="primary" why={why} onPress={() => router.push(paths.newPolicy('objectives'))}>New objective</Button>
  return (
    <Page title="Objectives" command="npx heddle get objectives" actions={<><ButtonLink href={withQuery(paths.settings(), { part: 'alerts' })}>Whom to tell</ButtonLink>{add}</>}>
      <div className="grid gap-[18px]">
        <Card flush title={says} note={objectives.data && plural(objectives.data.items.length, 'objective')}>
          <Loaded query={objectives} what="the objectives">
            {({ items }) => (
              <DataTable label="Objectives" columns={COLUMNS} rows={items.map((objective) => ({ objective, status: statusOf.get(keyOf(objective.metadata)) ?? null }))} rowKey={({ objective }) => keyOf(objective.metadata)} firstSort={{ column: 'state', descending: false }}
                empty={<EmptyState kind="no-data" title={empty.title}>{empty.says}</EmptyState>} />
            )}
          </Loaded>
        </Card>
        <Alerts at={null} />
      </div>
    </Page>
  )
}
