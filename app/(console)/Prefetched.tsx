import { HydrationBoundary, QueryClient, dehydrate } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Ask } from '#components/asks.ts'
import { readInProcess } from '../api.server.ts'

/** A page whose first questions are answered when it is sent. One that fails is asked again by the browser, which shows why. */
export async function Prefetched({ asks, children }: { asks: readonly Ask[]; children: ReactNode }) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await Promise.all(
    asks.map(({ key, path, paged }) =>
      paged
        ? client.prefetchInfiniteQuery({ queryKey: key, queryFn: () => readInProcess(path), initialPageParam: null })
        : client.prefetchQuery({ queryKey: key, queryFn: () => readInProcess(path) }),
    ),
  )
  return <HydrationBoundary state={dehydrate(client)}>{children}</HydrationBoundary>
}
