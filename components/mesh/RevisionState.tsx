'use client'
import type { RevisionStatus } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'
import type { MarkState } from '#components/ui/StateMark.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { reading } from './call.ts'
import { TOPICS } from './topics.ts'

export function useRevisionStatus(revision: number | null) {
  return useLiveQuery<RevisionStatus>({
    ...reading<RevisionStatus>(asks.revisionStatus(revision)),
    topics: TOPICS.proxies,
    paused: revision === null,
    everyMs: 5000,
  })
}

/** `1 of 1 accepted`, `Refused`: how the proxies took a revision. */
export function RevisionState({ revision }: { revision: number | null }) {
  const { data, error } = useRevisionStatus(revision)
  if (revision === null || error) return <span className="text-faint" title={error?.message}>unknown</span>
  if (!data) return <Skeleton className="h-4 w-24" />
  const { state, words } = describeStatus(data)
  return <Tag state={state} title={data.rejected[0]?.reason}>{words}</Tag>
}

export function describeStatus(status: RevisionStatus): { state: MarkState; words: string } {
  if (status.rejected.length > 0) return { state: 'bad', words: `Refused by ${new Set(status.rejected.map((each) => each.proxy)).size} of ${status.of}` }
  if (status.state === 'superseded') return { state: 'idle', words: 'Replaced' }
  if (status.of === 0) return status.state === 'pending' ? { state: 'warn', words: 'Stored, control has not looked yet' } : { state: 'ok', words: 'No connected proxy needed it' }
  if (status.state === 'accepted') return { state: 'ok', words: `Accepted by ${status.accepted} of ${status.of}` }
  return { state: 'warn', words: `${status.accepted} of ${status.of}, waiting` }
}
