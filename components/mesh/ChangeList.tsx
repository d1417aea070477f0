'use client'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { useLive } from '#components/live.tsx'
import { Failure } from './Loaded.tsx'
import { RevisionTable, useRevisions } from './ObjectHistory.tsx'
import { TOPICS } from './topics.ts'

/** Every revision of the mesh, newest first, live. */
export function ChangeList() {
  const query = useRevisions(null)
  useLive(TOPICS.revisions[0], () => void query.refetch())
  const revisions = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card flush title="Changes" note="every accepted write is one revision; any can be taken back">
      {query.error && revisions.length > 0 && <Notice state="warn">This list is not up to date: {query.error.message}</Notice>}
      {query.isPending ? <SkeletonRows rows={10} label="Loading the changes" />
        : query.error && revisions.length === 0 ? <Failure error={query.error} what="the changes" action={<Button small onPress={() => void query.refetch()}>Try again</Button>} />
          : revisions.length === 0 ? <EmptyState kind="no-data" title="Nothing was changed yet">The first agent that registers, or the first route, makes revision 1.</EmptyState>
            : <RevisionTable revisions={revisions} what />}
      {query.hasNextPage && <div className="px-2.5 py-2"><Button small isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>Older</Button></div>}
    </Card>
  )
}
