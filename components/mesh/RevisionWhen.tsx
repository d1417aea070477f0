'use client'
import { useQuery } from '@tanstack/react-query'
import type { Revision } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'
import { paths } from '#components/paths.ts'
import { get } from './call.ts'

/** A revision never changes once it is there. */
export function useRevision(revision: number | null) {
  return useQuery({ queryKey: asks.revision(revision).key, queryFn: get<Revision>(asks.revision(revision).path), enabled: revision !== null, staleTime: Infinity })
}

/** `41, 3 min ago by ana`. */
export function RevisionWhen({ revision }: { revision: number | null }) {
  const { data, error } = useRevision(revision)
  if (revision === null) return <>–</>
  const link = <Link href={paths.change(revision)} className="tabular-nums">{revision}</Link>
  if (error) return link
  if (!data) return <Skeleton className="h-4 w-32" />
  return <span title={data.reason || undefined}>{link}, <RelativeTime at={data.at} /> by {data.author}</span>
}
