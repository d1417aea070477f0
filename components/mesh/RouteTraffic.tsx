'use client'
import { useMemo } from 'react'
import type { RevisionStatus } from '#server/contracts/status.ts'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatCount, formatMs, formatRate, formatShare, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { useTimeZone } from '#components/ui/LocalTime.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { paths } from '#components/paths.ts'
import { useRevisions } from './ObjectHistory.tsx'
import type { ListedRoute } from './RouteList.tsx'
import { parentsOf, rulesOf, splitsOf, type RouteRule } from './route-reading.ts'
import { SeriesMark } from './SeriesMark.tsx'
import { ShareChart } from './ShareChart.tsx'
import { apportion } from './split.ts'
import { useCallers, useShareSeries } from './use-measured.ts'

/** Wanted against measured, by version, as the mesh counted it. */
export function RouteTraffic({ route, status }: { route: ListedRoute; status?: RevisionStatus }) {
  const agent = parentsOf(route).find((parent) => parent.kind === 'Agent')
  const rule = splitsOf(route)[0] ?? rulesOf(route)[0]
  if (!agent || !rule) return <Card title="Traffic"><EmptyState kind="no-data" title="Nothing to compare">This route has no agent as its parent; what its backends receive is on the graph.</EmptyState></Card>
  return <AgentTraffic route={route} namespace={agent.namespace ?? route.metadata.namespace} agent={agent.name} rule={rule} status={status} />
}

function AgentTraffic({ route, namespace, agent, rule, status }: { route: ListedRoute; namespace: string; agent: string; rule: RouteRule; status?: RevisionStatus }) {
  const labels = rule.backends.map((backend) => backend.label)
  const timeZone = useTimeZone()
  const series = useShareSeries(namespace, agent, labels)
  const callers = useCallers(namespace, agent)
  const wanted = useWanted(route, rule)
  const now = apportion(rule.backends.map((backend) => backend.weight))
  const total = series.minute.reduce((sum, count) => sum + count.requests, 0)
  const refused = (status?.rejected.length ?? 0) > 0
  const acceptedAt = status?.acceptedAt ? Date.parse(status.acceptedAt) : null
  return (
    <Card title={refused ? 'Traffic meanwhile' : 'Wanted and measured'} note={`calls to ${agent}, as the mesh counted them`} actions={<span className="text-sm text-muted">dashed: wanted</span>}>
      <div className="grid gap-3">
        {series.error && <Notice state="warn">The figures do not come in now: {series.error.message}. The mesh serves on.</Notice>}
        <div className="min-w-0">
          <ShareChart label={`Share of calls by version over the last five minutes: ${labels.map((label, index) => `${label} wanted ${now[index]} %`).join(', ')}`} window={series.window} measured={series.points} wanted={wanted} mark={acceptedAt === null ? null : { at: acceptedAt, label: `accepted ${new Date(acceptedAt).toLocaleTimeString('en-GB', { timeZone })}` }} />
        </div>
        <Table label="Wanted and measured by version">
          <thead><tr><Th>Version</Th><Th right>Wanted</Th><Th right>Measured, 1 min</Th><Th right>Calls</Th><Th right>Errors</Th></tr></thead>
          <tbody>
            {rule.backends.map((backend, index) => {
              const count = series.minute.find((each) => each.version === backend.label)
              return (
                <tr key={backend.name}>
                  <Td><span className="flex items-center gap-2"><SeriesMark index={index} /><b className="font-medium">{backend.label}</b></span></Td>
                  <Td right>{now[index]} %</Td>
                  <Td right>{total === 0 ? <span className="text-faint">no call yet</span> : formatShare((count?.requests ?? 0) / total)}</Td>
                  <Td right>{formatCount(count?.requests ?? 0)}</Td>
                  <Td right>{formatCount(count?.errors ?? 0)}</Td>
                </tr>
              )
            })}
          </tbody>
        </Table>
        {splitsOf(route).length > 0 && rulesOf(route).length > 1 && <p className="m-0 text-sm text-muted">The figures are of all calls to {agent}; this route has {plural(rulesOf(route).length, 'rule')}, so they need not meet one rule’s split.</p>}
        {callers.edges.length > 0 && (
          <p className="m-0 text-muted">Called by {callers.edges.map((edge, index) => {
            const [kind, space = '', name = edge.source] = edge.source.split('/')
            return <span key={edge.id}>{index > 0 && ', '}{kind === 'agent' ? <Link href={paths.agent(space, name)}>{name}</Link> : name} <span className="tabular-nums">{formatRate(edge.requests / callers.seconds)}{edge.latencyMs && `, p95 ${formatMs(edge.latencyMs.p95)}`}</span></span>
          })}.</p>
        )}
      </div>
    </Card>
  )
}

/** The split over time, from the revisions of the route; each holds until the next. */
function useWanted(route: ListedRoute, rule: RouteRule) {
  const history = useRevisions({ kind: route.kind, namespace: route.metadata.namespace, name: route.metadata.name })
  return useMemo(() => {
    const revisions = history.data?.pages[0]?.items ?? []
    const steps = revisions.flatMap((revision) => {
      const change = revision.changes.find(({ object }) => object.kind === route.kind && object.name === route.metadata.name && object.namespace === route.metadata.namespace)
      const weights = change?.after ? rulesOf(change.after)[rule.index]?.backends : undefined
      return weights ? [{ at: Date.parse(revision.at), shares: rule.backends.map((backend) => shareOf(backend.name, weights)) }] : []
    })
    return steps.length > 0 ? steps.reverse() : [{ at: 0, shares: apportion(rule.backends.map((backend) => backend.weight)) }]
  }, [history.data, route, rule.index]) // eslint-disable-line react-hooks/exhaustive-deps -- the rule follows the route
}

function shareOf(name: string, backends: RouteRule['backends']): number {
  return apportion(backends.map((backend) => backend.weight))[backends.findIndex((backend) => backend.name === name)] ?? 0
}
