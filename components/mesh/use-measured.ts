'use client'
import type { Graph, GraphEdge, Series } from '#server/contracts/telemetry.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { get, reading } from './call.ts'
import type { SharePoint, ShownWindow } from './ShareChart.tsx'
import { TOPICS } from './topics.ts'

const EVERY_MS = 3000

export interface VersionCount {
  version: string
  requests: number
  errors: number
  p95Ms: number | null
}

/** What an agent received by version, as the mesh counted it: shares over the window, and counts of its last minute. */
export function useShareSeries(namespace: string, agent: string, versions: readonly string[]): { points: SharePoint[]; minute: VersionCount[]; window: ShownWindow | null; error: Error | null; since: (at: number) => number[] } {
  const target = `agent/${namespace}/${agent}`
  const { data, error } = useLiveQuery<Series>({ ...reading<Series>(asks.shares(target)), topics: TOPICS.telemetry, everyMs: EVERY_MS })
  const window = data ? { from: Date.parse(data.from), to: Date.parse(data.to) } : null
  return { points: data ? sharesOf(data, versions) : [], minute: data && window ? lastMinute(data, window.to) : [], window, error, since: (at) => (data ? countsSince(data, versions, at) : versions.map(() => 0)) }
}

/** At each step the shares of the versions; nothing where nobody called. */
export function sharesOf({ series, stepMs }: Series, versions: readonly string[]): SharePoint[] {
  const requestsAt = new Map<string, number[]>()
  versions.forEach((version, index) => {
    for (const point of series.find((each) => each.version === version)?.points ?? []) {
      const requests = requestsAt.get(point.at) ?? versions.map(() => 0)
      requests[index] = point.requests
      requestsAt.set(point.at, requests)
    }
  })
  return [...requestsAt].sort(([a], [b]) => a.localeCompare(b)).map(([at, requests]) => {
    const sum = requests.reduce((total, each) => total + each, 0)
    return { at: Date.parse(at) + stepMs / 2, shares: requests.map((each) => (sum === 0 ? null : (each / sum) * 100)) }
  })
}

/** Calls by version in the steps that began after `at`. */
export function countsSince({ series }: Series, versions: readonly string[], at: number): number[] {
  return versions.map((version) => sum(series.find((each) => each.version === version)?.points.filter((point) => Date.parse(point.at) >= at) ?? [], 'requests'))
}

function lastMinute({ series }: Series, to: number): VersionCount[] {
  return series.flatMap(({ version, points }) => {
    if (version === null) return []
    const recent = points.filter((point) => Date.parse(point.at) >= to - 60_000)
    const p95s = recent.flatMap((point) => (point.p95Ms === null ? [] : [point.p95Ms]))
    return [{ version, requests: sum(recent, 'requests'), errors: sum(recent, 'errors'), p95Ms: p95s.length > 0 ? Math.max(...p95s) : null }]
  })
}

function sum(points: readonly { requests: number; errors: number }[], of: 'requests' | 'errors'): number {
  return points.reduce((total, point) => total + point[of], 0)
}

/** Who called an agent in the last minute. */
export function useCallers(namespace: string, agent: string): { edges: GraphEdge[]; seconds: number } {
  const { data } = useLiveQuery<Graph>({ key: ['graph', '1m'], read: () => get<Graph>('/graph', { window: '1m' })({ signal: AbortSignal.timeout(10_000) }), topics: TOPICS.telemetry, everyMs: EVERY_MS })
  const target = data?.nodes.find((node) => node.namespace === namespace && node.name === agent)?.id
  return { edges: (data?.edges ?? []).filter((edge) => edge.target === target), seconds: data ? (Date.parse(data.to) - Date.parse(data.from)) / 1000 : 60 }
}
