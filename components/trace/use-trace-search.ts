'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import type { TraceSummary } from '#server/contracts/telemetry.ts'
import { get, type List } from '#components/mesh/call.ts'
import { rangeMs } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { parseDuration } from './scale.ts'

const PAGE = 50
const TAIL_MS = 2000

const FILTERS = {
  service: parseAsString.withDefault(''),
  operation: parseAsString.withDefault(''),
  status: parseAsStringLiteral(['any', 'ok', 'error']).withDefault('any'),
  min: parseAsString.withDefault(''),
  max: parseAsString.withDefault(''),
  tail: parseAsBoolean.withDefault(true),
}

/** The search for traces: its filters live in the URL; the first page follows what arrives while the tail is on. */
export function useTraceSearch() {
  const [filters, setFilters] = useQueryStates(FILTERS, { history: 'replace', throttleMs: 250 })
  const { range, paused } = useTimeRange()
  const minDurationMs = parseDuration(filters.min)
  const maxDurationMs = parseDuration(filters.max)
  const query = useInfiniteQuery({
    queryKey: ['traces', filters.service, filters.operation, filters.status, minDurationMs, maxDurationMs, range],
    queryFn: ({ pageParam, signal }) => {
      const { from, to } = range.kind === 'fixed' ? range : { from: new Date(Date.now() - rangeMs(range)).toISOString(), to: null }
      return get<List<TraceSummary>>('/traces', {
        service: filters.service || null, operation: filters.operation || null, status: filters.status === 'any' ? null : filters.status,
        minDurationMs, maxDurationMs, from, to, limit: PAGE, continue: pageParam,
      })({ signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.metadata.continue,
    placeholderData: (previous) => previous,
    // Older pages would be read again and again: the tail runs on the first page alone.
    refetchInterval: (state) => (filters.tail && !paused && (state.state.data?.pages.length ?? 1) === 1 ? TAIL_MS : false),
  })
  const isFiltered = filters.service !== '' || filters.operation !== '' || filters.status !== 'any' || filters.min !== '' || filters.max !== ''
  const pages = query.data?.pages ?? []
  return {
    filters, setFilters, query, paused, range, isFiltered,
    traces: pages.flatMap((page) => page.items),
    tailing: filters.tail && !paused && pages.length <= 1,
    badMin: filters.min !== '' && minDurationMs === null,
    badMax: filters.max !== '' && maxDurationMs === null,
    clear: () => void setFilters({ service: null, operation: null, status: null, min: null, max: null }),
  }
}
