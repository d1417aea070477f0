'use client'
import type { RevisionStatus } from '#server/contracts/status.ts'
import { formatCount } from '#components/ui/format.ts'
import { Step } from './AppliedPanel.tsx'
import type { ListedRoute } from './RouteList.tsx'
import { parentsOf, rulesOf, splitsOf, type RouteRule } from './route-reading.ts'
import { apportion } from './split.ts'
import { useShareSeries } from './use-measured.ts'

/** So many calls are needed before shares say anything. */
const CALLS_MIN = 30
/** Chance alone stays within this many standard deviations, for all practical purposes. */
const SIGMAS = 4

/** The last step of a change of a split: what the mesh counted since it was accepted, against what was wanted. */
export function TrafficFollows({ route, status }: { route: ListedRoute; status: RevisionStatus }) {
  const agent = parentsOf(route).find((parent) => parent.kind === 'Agent')
  const [rule, ...more] = splitsOf(route)
  if (!agent || !rule || more.length > 0 || rulesOf(route).length !== 1 || status.rejected.length > 0) return null
  return <Follows namespace={agent.namespace ?? route.metadata.namespace} agent={agent.name} rule={rule} acceptedAt={status.acceptedAt} />
}

function Follows({ namespace, agent, rule, acceptedAt }: { namespace: string; agent: string; rule: RouteRule; acceptedAt: string | null }) {
  const wanted = apportion(rule.backends.map((backend) => backend.weight))
  const series = useShareSeries(namespace, agent, rule.backends.map((backend) => backend.label))
  if (acceptedAt === null) return <Step state="waits" title="Traffic follows" />
  const counts = series.since(Date.parse(acceptedAt))
  const calls = counts.reduce((sum, count) => sum + count, 0)
  if (calls < CALLS_MIN) return <Step state="now" title="Traffic follows">{calls === 0 ? 'no call counted on the new split yet' : `${formatCount(calls)} calls so far`}</Step>
  const shares = counts.map((count) => ((count / calls) * 100).toFixed(1)).join(' / ')
  return <Step state={follows(counts, wanted) ? 'done' : 'held'} title={follows(counts, wanted) ? 'Traffic follows' : 'Traffic does not follow'}><span className="tabular-nums">{shares} over {formatCount(calls)} calls, wanted {wanted.join(' / ')}</span></Step>
}

/** Are the counts what a split of `wanted` percent gives, within chance? A share of zero takes no call at all. */
export function follows(counts: readonly number[], wanted: readonly number[]): boolean {
  const calls = counts.reduce((sum, count) => sum + count, 0)
  return counts.every((count, index) => {
    const share = (wanted[index] ?? 0) / 100
    return Math.abs(count - calls * share) <= SIGMAS * Math.sqrt(calls * share * (1 - share))
  })
}
