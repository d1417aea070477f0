'use client'
import { messageOf } from '#server/contracts/errors.ts'
import type { Graph } from '#server/contracts/telemetry.ts'
import { Dashboard } from '#components/dashboard/Dashboard.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { rangeQuery } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { EdgeFacts } from './EdgeFacts.tsx'
import { EvidenceTable } from './EvidenceTable.tsx'
import { markOf, viewGraph } from './figures.ts'

const REFRESH_MS = 5000

/** Calls from one node to another over time. */
export function EdgePage({ initial, source, target }: { initial: Graph; source: string; target: string }) {
  const { range, paused } = useTimeRange()
  const query = useLiveQuery({ key: ['graph', range], read: () => readJson<Graph>(withQuery('/api/v1/graph', rangeQuery(range))), initial, topics: ['graph'], paused, everyMs: REFRESH_MS })
  const view = viewGraph(query.data ?? initial)
  const edge = view.edges.find((each) => each.source === source && each.target === target)
  const [from, to] = [nameOf(source), nameOf(target)]
  return (
    <Page
      title={`${from} → ${to}`}
      crumbs={[{ href: paths.graph(), label: 'Graph' }]}
      tags={edge && <><Tag state={markOf(edge.health)}>{edge.health}</Tag><Tag>{edge.protocol || 'unknown protocol'}</Tag></>}
      actions={<><ButtonLink href={paths.traces({ service: to })}>Traces of {to}</ButtonLink><ButtonLink href={paths.graph({ select: `${source}>${target}` })}>Show in the graph</ButtonLink></>}
    >
      {query.error && <div className="mb-4"><Notice state="warn">{messageOf(query.error)} What is shown is what was last read.</Notice></div>}
      <div className="grid gap-4.5 lg:grid-cols-[minmax(0,1fr)_372px]">
        <div className="grid min-w-0 content-start gap-4.5"><Dashboard ends={{ source, target }} /></div>
        <div className="grid min-w-0 content-start gap-4.5">
          <Card title="In this window">{edge ? <EdgeFacts edge={edge} /> : <p className="m-0 text-base text-muted">The graph has no call from {from} to {to} in this time.</p>}</Card>
          {edge && <Card><EvidenceTable edges={[edge]} seconds={view.seconds} /></Card>}
          <Card title="Both ends"><p className="m-0 grid gap-1 text-base">{[source, target].map((id) => <Link key={id} href={pageOf(id)} className="w-fit font-medium hover:underline">{nameOf(id)}</Link>)}</p></Card>
        </div>
      </div>
    </Page>
  )
}

function nameOf(id: string): string {
  return id.split('/').at(-1) || id
}

/** An agent has a page of its own; anybody else is shown in the graph. */
function pageOf(id: string): string {
  const [kind, namespace, name] = id.split('/')
  return kind === 'agent' && namespace && name ? paths.agent(namespace, name) : paths.graph({ select: id })
}
