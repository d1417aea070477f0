'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { parseAsBoolean, parseAsNativeArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import type { TraceSummary } from '#server/contracts/telemetry.ts'
import { asks } from '#components/asks.ts'
import { get, type List } from '#components/mesh/call.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { filtersOf } from './filters.ts'

const TAIL_MS = 2000
/** A search by attribute reads spans themselves: it is asked again less often. */
const ATTRIBUTE_TAIL_MS = 10_000

interface Found extends List<TraceSummary> {
  metadata: List<TraceSummary>['metadata'] & { lookedBackTo: string | null }
}

const FILTERS = {
  service: parseAsString.withDefault(''),
  operation: parseAsString.withDefault(''),
  status: parseAsStringLiteral(['any', 'ok', 'error']).withDefault('any'),
  min: parseAsString.withDefault(''),
  max: parseAsString.withDefault(''),
  attr: parseAsNativeArrayOf(parseAsString),
  tail: parseAsBoolean.withDefault(true),
}

/** The search for traces: its filters live in the URL; the first page follows what arrives while the tail is on. */
export function useTraceSearch() {
  const [filters, setFilters] = useQueryStates(FILTERS, { history: 'replace', throttleMs: 250 })
  const { range, paused, says } = useTimeRange()
  const asked = filtersOf(filters)
  const query = useInfiniteQuery({
    queryKey: asks.traces(asked, range).key,
    queryFn: ({ pageParam, signal }) => get<Found>(asks.traces(asked, range).path, { continue: pageParam })({ signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.metadata.continue,
    placeholderData: (previous) => previous,
    // Older pages would be read again and again: the tail runs on the first page alone.
    refetchInterval: (state) => (filters.tail && !paused && (state.state.data?.pages.length ?? 1) === 1 ? (asked.attr.length > 0 ? ATTRIBUTE_TAIL_MS : TAIL_MS) : false),
  })
  const isFiltered = filters.service !== '' || filters.operation !== '' || filters.status !== 'any' || filters.min !== '' || filters.max !== '' || filters.attr.length > 0
  const pages = query.data?.pages ?? []
  return {
    filters, setFilters, query, paused, says, isFiltered,
    traces: pages.flatMap((page) => page.items),
    tailing: filters.tail && !paused && pages.length <= 1,
    /** Where the search stopped, as it had spent its budget. */
    lookedBackTo: pages.at(-1)?.metadata.lookedBackTo ?? null,
    badMin: filters.min !== '' && asked.minDurationMs === null,
    badMax: filters.max !== '' && asked.maxDurationMs === null,
    clear: () => void setFilters({ service: null, operation: null, status: null, min: null, max: null, attr: null }),
  }
}
