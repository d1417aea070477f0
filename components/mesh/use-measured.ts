'use client'
import { useQueries } from '@tanstack/react-query'
import type { Graph } from '#server/contracts/telemetry.ts'
import { useLiveQuery } from '#components/live.tsx'
import { useNow } from '#components/ui/RelativeTime.tsx'
import { get } from './call.ts'
import type { SharePoint } from './ShareChart.tsx'
import { TOPICS } from './topics.ts'

/** The mesh counts in buckets of this length. */
const BUCKET_MS = 10_000
/** A bucket is complete once every sidecar has sent its last figures. */
const LATE_MS = 4000

export interface VersionCount {
  version: string
  requests: number
  errors: number
}

/** Calls by version over one window, read from the graph: the same figures as everywhere. */
function countsOf(graph: Graph | undefined, namespace: string, agent: string): VersionCount[] {
  return graph?.nodes.find((node) => node.kind !== 'agentversion' && node.namespace === namespace && node.name === agent)?.versions ?? []
}

/** What an agent received in the last minute, and from whom. */
export function useLastMinute(namespace: string, agent: string) {
  const query = useLiveQuery<Graph>({ key: ['graph', '1m'], read: () => get<Graph>('/graph', { window: '1m' })({ signal: AbortSignal.timeout(10_000) }), topics: TOPICS.telemetry, everyMs: 3000 })
  const nodeId = query.data?.nodes.find((node) => node.namespace === namespace && node.name === agent)?.id
  const callers = (query.data?.edges ?? []).filter((edge) => edge.target === nodeId)
  return { error: query.error, loading: query.isPending, counts: countsOf(query.data, namespace, agent), callers, seconds: query.data ? (Date.parse(query.data.to) - Date.parse(query.data.from)) / 1000 : 60 }
}

/** Shares by version, bucket by bucket, over the last `buckets`; a complete bucket is read once. */
export function useShareSeries(namespace: string, agent: string, versions: readonly string[], buckets: number): { points: SharePoint[]; from: number; to: number } {
  const last = Math.floor((useNow() - LATE_MS) / BUCKET_MS) * BUCKET_MS
  const starts = Array.from({ length: buckets }, (_, index) => last - (buckets - index) * BUCKET_MS)
  const answers = useQueries({
    queries: starts.map((start) => ({
      queryKey: ['graph-bucket', start],
      queryFn: get<Graph>('/graph', { from: new Date(start).toISOString(), to: new Date(start + BUCKET_MS).toISOString() }),
      staleTime: Infinity,
      gcTime: buckets * BUCKET_MS,
      retry: false,
    })),
  })
  const points = answers.map((answer, index) => ({ at: starts[index]! + BUCKET_MS / 2, shares: sharesIn(countsOf(answer.data, namespace, agent), versions) })) // one answer a start
  return { points, from: last - buckets * BUCKET_MS, to: last }
}

function sharesIn(counts: readonly VersionCount[], versions: readonly string[]): (number | null)[] {
  const of = versions.map((version) => counts.find((count) => count.version === version)?.requests ?? 0)
  const sum = of.reduce((total, requests) => total + requests, 0)
  return of.map((requests) => (sum === 0 ? null : (requests / sum) * 100))
}
