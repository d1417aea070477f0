'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ObjectRef } from '#server/contracts/object.ts'
import type { Revision } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { paths } from '#components/paths.ts'
import { get, type List } from './call.ts'
import { Failure } from './Loaded.tsx'
import { RevisionState } from './RevisionState.tsx'

/** The revisions of the whole mesh, or those that changed one object; newest first. */
export function useRevisions(at: ObjectRef | null) {
  return useInfiniteQuery({
    queryKey: asks.revisions(at).key,
    queryFn: ({ pageParam, signal }) => get<List<Revision>>(asks.revisions(at).path, { continue: pageParam })({ signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.metadata.continue,
  })
}

export function ObjectHistory({ at }: { at: ObjectRef }) {
  const query = useRevisions(at)
  const revisions = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card flush title="History" note="every change of this object; any one can be taken back">
      {query.isPending ? <SkeletonRows label="Loading the history" /> : query.error && revisions.length === 0 ? <Failure error={query.error} what="the history" /> : revisions.length === 0 ? <EmptyState kind="no-data" title="No revision yet" /> : (
        <>
          <RevisionTable revisions={revisions} />
          {query.hasNextPage && <div className="px-2.5 py-2"><Button small isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>Older</Button></div>}
        </>
      )}
    </Card>
  )
}

export function RevisionTable({ revisions, what }: { revisions: readonly Revision[]; what?: boolean }) {
  return (
    <Table label="Revisions">
      <thead><tr><Th>Revision</Th>{what && <Th>What</Th>}<Th>Why</Th><Th>Who</Th><Th>When</Th><Th>In the mesh</Th></tr></thead>
      <tbody>
        {revisions.map((revision) => (
          <tr key={revision.revision} className="hover:bg-ground">
            <Td><Link href={paths.change(revision.revision)} className="font-medium tabular-nums">{revision.revision}</Link></Td>
            {what && <Td><span className="block max-w-80 truncate">{whatOf(revision)}</span></Td>}
            <Td><span className="block max-w-96 truncate" title={revision.reason}>{revision.reason || <span className="text-faint">no reason given</span>}</span></Td>
            <Td>{revision.author}</Td>
            <Td muted><RelativeTime at={revision.at} /></Td>
            <Td><RevisionState revision={revision.revision} /></Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

/** The plan's first sentence, else the objects. */
export function whatOf(revision: Revision): string {
  if (revision.reverts !== null) return `Takes revision ${revision.reverts} back`
  const [first, ...more] = revision.changes.map(({ object, before, after }) => `${before === null ? 'New' : after === null ? 'Deleted' : 'Changed'} ${object.kind} ${object.name}`)
  return revision.plan[0] ?? (first ? `${first}${more.length > 0 ? ` and ${more.length} more` : ''}` : 'Nothing changed')
}
