'use client'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { MeshError } from '#server/contracts/errors.ts'
import { Button } from '#components/ui/Button.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'

interface LoadedProps<T> {
  query: UseQueryResult<T>
  /** What it is, for sentences: “routes”, “this trace”. */
  what: string
  skeleton?: ReactNode
  children: (data: T) => ReactNode
}

/** What came, or why nothing did: loading, not allowed, not there, source down; old figures stay and say that they are old. */
export function Loaded<T>({ query, what, skeleton, children }: LoadedProps<T>) {
  const retry = <Button small onPress={() => void query.refetch()}>Try again</Button>
  if (query.data === undefined) {
    if (query.error) return <Failure error={query.error} what={what} action={retry} />
    return <>{skeleton ?? <SkeletonRows label={`Loading ${what}`} />}</>
  }
  return (
    <>
      {query.error && (
        <div className="mb-3">
          <Notice state="warn" action={retry}>
            These are {what} as of {new Date(query.dataUpdatedAt).toLocaleTimeString('en-GB')}; since then: {query.error.message}
          </Notice>
        </div>
      )}
      {children(query.data)}
    </>
  )
}

export function Failure({ error, what, action }: { error: Error; what: string; action?: ReactNode }) {
  const code = error instanceof MeshError ? error.code : 'unavailable'
  if (code === 'forbidden' || code === 'unauthenticated') return <EmptyState kind="forbidden" title={`You may not see ${what}`}>{error.message}</EmptyState>
  if (code === 'not_found') return <EmptyState kind="no-data" title={`There is no such thing as ${what}`}>{error.message}</EmptyState>
  return <EmptyState kind="down" title={`Cannot read ${what} now`} action={action}>{error.message}. The mesh goes on serving what its proxies hold.</EmptyState>
}
