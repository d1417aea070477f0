'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { parseAsString, useQueryState } from 'nuqs'
import type { Session } from '#server/contracts/sessions.ts'
import { get, type List } from '#components/mesh/call.ts'
import { withQuery } from '#components/paths.ts'
import { rangeMs } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'

const REFRESH_MS = 5000

/** Conversations of the page's time range; the first page follows what arrives. */
export function useSessions() {
  const [service, setService] = useQueryState('service', parseAsString.withDefault('').withOptions({ history: 'replace', throttleMs: 250 }))
  const { range, paused, says } = useTimeRange()
  const query = useInfiniteQuery({
    queryKey: ['sessions', service, range],
    queryFn: ({ pageParam, signal }) => {
      const window = range.kind === 'fixed' ? { from: range.from, to: range.to } : { from: new Date(Date.now() - rangeMs(range)).toISOString() }
      return get<List<Session>>(withQuery('/sessions', { ...window, service, limit: 50, continue: pageParam }))({ signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.metadata.continue,
    placeholderData: (previous) => previous,
    refetchInterval: (state) => (!paused && (state.state.data?.pages.length ?? 1) === 1 ? REFRESH_MS : false),
  })
  return { query, service, setService: (next: string) => void setService(next || null), says, sessions: query.data?.pages.flatMap((page) => page.items) ?? [] }
}
