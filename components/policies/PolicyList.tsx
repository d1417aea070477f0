'use client'
import { useRouter } from 'next/navigation'
import { asks } from '#components/asks.ts'
import { FindingsMark } from '#components/findings/OwnFindings.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { paths, type PolicyPart } from '#components/paths.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Page } from '#components/ui/Page.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tabs } from '#components/ui/Tabs.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { RevisionState } from '#components/mesh/RevisionState.tsx'
import { RevisionWhen } from '#components/mesh/RevisionWhen.tsx'
import { revisionOf } from '#components/mesh/RouteList.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { partOf, pluralOf, POLICY_KINDS, type AnyPolicy } from './kinds.ts'

type ListedPolicy = Exclude<AnyPolicy, { kind: 'Objective' }>

const PARTS = ['access', 'mtls', 'traffic'] as const

const COLUMNS: readonly Column<ListedPolicy>[] = [
  { id: 'name', header: 'Policy', sortBy: nameOf, cell: (policy) => <PolicyName policy={policy} /> },
  { id: 'about', header: 'Agents', sortBy: targetsOf, cell: (policy) => <span className="block max-w-64 truncate" title={targetsOf(policy)}>{targetsOf(policy)}</span> },
  { id: 'says', header: 'It says', wrap: true, cell: (policy) => <span className="block min-w-64">{POLICY_KINDS[partOf(policy.kind)].describe(policy)?.join(' ')}{policy.kind === 'AuthorizationPolicy' && policy.spec.mode === 'Audit' && <> <Tag tone="info">only recorded</Tag></>}</span> },
  { id: 'state', header: 'In the mesh', cell: (policy) => <span className="flex flex-wrap gap-1.5"><RevisionState revision={revisionOf(policy)} /><FindingsMark at={{ kind: policy.kind, namespace: policy.metadata.namespace, name: policy.metadata.name }} /></span> },
  { id: 'changed', header: 'Last change', muted: true, sortBy: (policy) => -(revisionOf(policy) ?? 0), cell: (policy) => <RevisionWhen revision={revisionOf(policy)} /> },
]

/** The policies of one sort. */
export function PolicyListPage({ part }: { part: PolicyPart }) {
  const { kind, says, one, empty } = POLICY_KINDS[part]
  const query = useLiveQuery<List<ListedPolicy>>({ ...reading<List<ListedPolicy>>(asks.policies(kind)), topics: TOPICS.revisions, everyMs: 15_000 })
  const router = useRouter()
  const why = useWhyNot('operator')
  const add = <Button look="primary" why={why} onPress={() => router.push(paths.newPolicy(part))}>New {one}</Button>
  return (
    <Page title="Policies" actions={add} command={`npx heddle get ${pluralOf(part)}`}>
      <Tabs label="Sorts of policies" open={part} tabs={PARTS.map((each) => ({ id: each, href: paths.policies(each), title: POLICY_KINDS[each].title }))} />
      <Card flush title={says} note={query.data && plural(query.data.items.length, 'policy', 'policies')}>
        <Loaded query={query} what="the policies">
          {({ items }) => <DataTable label="Policies" columns={COLUMNS} rows={items} rowKey={nameOf} firstSort={{ column: 'name', descending: false }} empty={<EmptyState kind="no-data" title={empty.title}>{empty.says}</EmptyState>} />}
        </Loaded>
      </Card>
    </Page>
  )
}

function PolicyName({ policy }: { policy: ListedPolicy }) {
  const { namespace, name } = policy.metadata
  return <Link href={paths.policy(partOf(policy.kind), namespace, name)} className="font-medium no-underline hover:underline">{namespace !== 'default' && <span className="text-muted">{namespace}/</span>}{name}</Link>
}

function nameOf({ metadata }: ListedPolicy): string {
  return `${metadata.namespace}/${metadata.name}`
}

function targetsOf({ spec }: ListedPolicy): string {
  return spec.targetRefs.map((target) => target.name).join(', ') || 'all of the namespace'
}
