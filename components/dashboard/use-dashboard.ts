'use client'
import { parseAsStringLiteral, useQueryStates } from 'nuqs'
import type { Breakdown, Series } from '#server/contracts/telemetry.ts'
import { COMPARISONS, windowBefore } from '#components/graph/compare.ts'
import { useLiveQuery } from '#components/live.tsx'
import { withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { rangeQuery } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'

const REFRESH_MS = 10_000
const EARLIER_REFRESH_MS = 30_000

/** Whose calls: of an edge, received by a node, or made by one. */
export interface Ends {
  source?: string
  target?: string
}

/** What a dashboard shows besides time is in the URL too. */
export function useDashboardParams() {
  return useQueryStates({
    compare: parseAsStringLiteral([...COMPARISONS, 'none']).withDefault('before'),
    by: parseAsStringLiteral(['version', 'together']).withDefault('version'),
    side: parseAsStringLiteral(['received', 'made']).withDefault('received'),
  }, { history: 'replace' })
}

/** The series and the breakdown of a window, and the same of the window that it is compared with. */
export function useDashboard(ends: Ends) {
  const { range, paused } = useTimeRange()
  const [{ compare, by }] = useDashboardParams()
  const at = { source: ends.source, target: ends.target }
  const grain = by === 'version' && ends.target !== undefined ? 'version' : 'agent'
  const earlier = () => windowBefore(range, compare === 'none' ? 'before' : compare, Date.now())
  const ask = <T,>(what: 'series' | 'breakdown', window: () => Record<string, string>, more: Record<string, string>) => () => readJson<T>(withQuery(`/api/v1/${what}`, { ...window(), ...at, ...more }))
  const series = useLiveQuery({ key: ['series', at, grain, range], read: ask<Series>('series', () => rangeQuery(range), { by: grain }), topics: [], paused, everyMs: REFRESH_MS })
  const breakdown = useLiveQuery({ key: ['breakdown', at, range], read: ask<Breakdown>('breakdown', () => rangeQuery(range), {}), topics: [], paused, everyMs: REFRESH_MS })
  const before = useLiveQuery({ key: ['series-before', at, grain, range, compare], read: compare === 'none' ? async () => null : ask<Series>('series', earlier, { by: grain }), topics: [], paused, everyMs: EARLIER_REFRESH_MS })
  const breakdownBefore = useLiveQuery({ key: ['breakdown-before', at, range, compare], read: compare === 'none' ? async () => null : ask<Breakdown>('breakdown', earlier, {}), topics: [], paused, everyMs: EARLIER_REFRESH_MS })
  return { series, breakdown, before: before.data ?? null, breakdownBefore: breakdownBefore.data ?? null }
}
