'use client'
import { useRouter } from 'next/navigation'
import type { AuthorizationPolicy } from '#server/contracts/authorization-policy.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths } from '#components/paths.ts'
import { reading, type List } from './call.ts'
import { Loaded } from './Loaded.tsx'
import { describePolicy } from './policy-words.ts'
import { RevisionState } from './RevisionState.tsx'
import { RevisionWhen } from './RevisionWhen.tsx'
import { revisionOf } from './RouteList.tsx'
import { TOPICS } from './topics.ts'

const COLUMNS: readonly Column<AuthorizationPolicy>[] = [
  { id: 'name', header: 'Policy', sortBy: (policy) => `${policy.metadata.namespace}/${policy.metadata.name}`, cell: (policy) => <Link href={paths.policy(policy.metadata.namespace, policy.metadata.name)} className="font-medium no-underline hover:underline">{policy.metadata.namespace !== 'default' && <span className="text-muted">{policy.metadata.namespace}/</span>}{policy.metadata.name}</Link> },
  { id: 'action', header: 'Action', sortBy: (policy) => policy.spec.action, cell: (policy) => <Tag>{policy.spec.action}</Tag> },
  { id: 'says', header: 'It says', wrap: true, cell: (policy) => <span className="block min-w-64">{describePolicy(policy.spec).join(' ')}</span> },
  { id: 'state', header: 'In the mesh', cell: (policy) => <RevisionState revision={revisionOf(policy)} /> },
  { id: 'changed', header: 'Last change', muted: true, sortBy: (policy) => -(revisionOf(policy) ?? 0), cell: (policy) => <RevisionWhen revision={revisionOf(policy)} /> },
]

/** Who may call whom. */
export function PolicyList() {
  const query = useLiveQuery<List<AuthorizationPolicy>>({ ...reading<List<AuthorizationPolicy>>(asks.policies()), topics: TOPICS.revisions, everyMs: 15_000 })
  const router = useRouter()
  const why = useWhyNot('operator')
  const add = <Button small why={why} onPress={() => router.push(paths.newPolicy())}>New policy</Button>
  return (
    <Card flush title="Policies" note={query.data && plural(query.data.items.length, 'policy', 'policies')} actions={add}>
      <Loaded query={query} what="the policies">
        {({ items }) => <DataTable label="Policies" columns={COLUMNS} rows={items} rowKey={(policy) => `${policy.metadata.namespace}/${policy.metadata.name}`} firstSort={{ column: 'name', descending: false }}
          empty={<EmptyState kind="no-data" title="No policy yet">Without one, every agent takes calls from the whole trust domain and from nobody else. An Allow policy narrows that to whom it names; a Deny wins over every Allow.</EmptyState>} />}
      </Loaded>
    </Card>
  )
}
