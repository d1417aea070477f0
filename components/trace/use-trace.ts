'use client'
import { useQuery } from '@tanstack/react-query'
import type { Trace, TraceColumns } from '#server/contracts/telemetry.ts'
import { asks } from '#components/asks.ts'
import { get } from '#components/mesh/call.ts'
import { shownTrace, type ShownTrace } from './columns.ts'

const YOUNG_MS = 30_000

/** One trace. A young one may still grow, so it is asked for again until it is half a minute old. Null asks for none. */
export function useTrace(traceId: string | null) {
  return useQuery({
    queryKey: asks.trace(traceId ?? '').key,
    enabled: traceId !== null,
    queryFn: async (context) => shownTrace(await get<Trace | TraceColumns>(asks.trace(traceId ?? '').path)(context)),
    refetchInterval: (state) => (state.state.data && Date.now() - Date.parse(state.state.data.startedAt) - state.state.data.durationMs < YOUNG_MS ? 3000 : false),
    // The same spans again are the same trace: nothing is laid out anew.
    structuralSharing: (before, after) => (sameSpans(before, after) ? before : after),
  })
}

function sameSpans(before: unknown, after: unknown): boolean {
  const [a, b] = [before, after] as [ShownTrace | undefined, ShownTrace] // answers of one query
  return a !== undefined && a.spans.length === b.spans.length && a.durationMs === b.durationMs && a.truncated === b.truncated
}
