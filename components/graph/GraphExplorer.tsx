'use client'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Graph } from '#server/contracts/telemetry.ts'
import { useLiveQuery } from '#components/live.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { rangeQuery } from '#components/time-range.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { plural } from '#components/ui/format.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { useMedia } from '#components/ui/Panel.tsx'
import { messageOf } from '#server/contracts/errors.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { compareGraphs, windowBefore } from './compare.ts'
import { saveJson } from './ExportMenu.tsx'
import { completeFind } from './complete-find.ts'
import { EdgePanel } from './EdgePanel.tsx'
import { viewGraph, type GraphView } from './figures.ts'
import { findInGraph, onlyFound } from './find.ts'
import { FleetPanel } from './FleetPanel.tsx'
import { flowOf } from './flow.ts'
import { CanvasSkeleton, GraphCanvas } from './GraphCanvas.tsx'
import { GraphTable } from './GraphTable.tsx'
import { GraphToolbar, Legend } from './GraphToolbar.tsx'
import { useGraphParams } from './graph-params.ts'
import { GROUP_FROM, groupableLabels, parseGroupBy, type GroupView } from './group.ts'
import { layTrace } from './trace-overlay.ts'
import { TraceChip } from './TraceChip.tsx'
import { layOut } from '#components/trace/laid-out.ts'
import { useTrace } from '#components/trace/use-trace.ts'
import { NodePanel } from './NodePanel.tsx'

const REFRESH_MS = 5000
const EARLIER_REFRESH_MS = 30_000
const PANEL_PX = 362

/** The mesh as a picture or a table, live, with everything that is chosen in the URL. */
export function GraphExplorer({ initial }: { initial?: Graph }) {
  const { range, paused } = useTimeRange()
  const query = useLiveQuery({ key: ['graph', range], read: () => readJson<Graph>(withQuery('/api/v1/graph', rangeQuery(range))), initial, topics: ['graph'], paused, everyMs: REFRESH_MS })
  const earlier = useEarlierGraph()
  const view = useMemo(() => {
    const now = query.data && viewGraph(query.data)
    return now && earlier.data ? compareGraphs(now, earlier.data) : now
  }, [query.data, earlier.data])
  if (!view) return query.error ? <GraphDown says={messageOf(query.error)} /> : <div className="relative h-full"><CanvasSkeleton /></div>
  if (view.nodes.length === 0) return <GraphEmpty />
  return <Explorer view={view} graph={query.data} moving={!paused} stale={query.error ? messageOf(query.error) : earlier.error ? `The window to compare with cannot be read: ${messageOf(earlier.error)}` : null} />
}

/** The window to compare with, when one is chosen. */
function useEarlierGraph(): { data: Graph | undefined; error: Error | null } {
  const { range, paused } = useTimeRange()
  const [{ compare }] = useGraphParams()
  const query = useQuery({
    queryKey: ['graph-earlier', compare, range],
    queryFn: () => readJson<Graph>(withQuery('/api/v1/graph', windowBefore(range, compare ?? 'before', Date.now()))),
    enabled: compare !== null,
    refetchInterval: paused ? false : EARLIER_REFRESH_MS,
  })
  return compare === null ? { data: undefined, error: null } : query
}

function Explorer({ view: whole, graph, moving, stale }: { view: GraphView; graph: Graph | undefined; moving: boolean; stale: string | null }) {
  const [params, setParams] = useGraphParams()
  const narrow = useMedia('(max-width: 900px)')
  const by = parseGroupBy(params.group, whole.nodes.length)
  const trace = useTrace(params.trace)
  const overlay = useMemo(() => (trace.data ? layTrace(whole, layOut(trace.data).spans) : null), [whole, trace.data])
  const laid = overlay?.view ?? whole
  const sought = useMemo(() => findInGraph(laid, params.find), [laid, params.find])
  const view = useMemo(() => (params.only && sought.state === 'found' ? onlyFound(laid, sought) : laid), [laid, sought, params.only])
  const found = sought.state === 'none' && overlay ? overlay.found : sought
  const { nodes, edges, groups } = useMemo(() => flowOf(view, { by, open: params.open, found, selected: params.select, moving, down: narrow }), [view, by, params.open, found, params.select, moving, narrow])
  const select = (id: string | null) => void setParams({ select: id })
  const open = (id: string) => {
    if (id.startsWith('group/')) void setParams({ open: id.slice(6), select: null })
  }
  const panel = <Detail view={view} groups={groups} edges={edges.flatMap((edge) => edge.data?.view ?? [])} selected={params.select} onSelect={select} onOpen={open} quiet={narrow || view.nodes.length < GROUP_FROM} />
  const covered = !narrow && (params.select !== null || view.nodes.length >= GROUP_FROM) ? PANEL_PX : 0
  const toolbar = (
    <GraphToolbar
      find={params.find}
      onFind={(find) => void setParams({ find: find || null })}
      found={sought}
      offer={(line) => completeFind(line, laid)}
      only={params.only}
      onOnly={(only) => void setParams({ only })}
      view={params.view}
      onView={(next) => void setParams({ view: next })}
      group={by}
      groups={[{ id: 'none', title: 'Agents' }, { id: 'namespace', title: 'By namespace' }, ...groupableLabels(view).map((name) => ({ id: `label:${name}`, title: `By ${name}` }))]}
      onGroup={(group) => void setParams({ group, open: null, select: null })}
      open={params.open}
      onClose={() => void setParams({ open: null, select: null })}
      comparison={params.compare}
      onCompare={(compare) => void setParams({ compare })}
      compared={view.compared}
      extra={params.trace !== null && <TraceChip traceId={params.trace} trace={trace} overlay={overlay} onClose={() => void setParams({ trace: null })} />}
    />
  )
  return (
    <div className="relative flex h-full flex-col overflow-hidden" onKeyDown={(event) => event.key === 'Escape' && params.select !== null && !(event.target instanceof HTMLInputElement) && select(null)}>
      <h1 className="sr-only">Graph</h1>
      {params.view === 'graph' ? (
        <>
          <div className="pointer-events-none absolute top-3.5 left-4 z-10 [&_*]:pointer-events-auto" style={{ right: covered + 16 }}>{toolbar}</div>
          <div className="relative min-h-0 flex-1"><GraphCanvas key={`${by} ${params.open} ${narrow}`} direction={narrow ? 'TB' : 'LR'} columns={by !== 'none' && params.open === null} nodes={nodes} edges={edges} selected={params.select} onSelect={select} onOpen={open} coveredPx={covered} json={() => graph} /></div>
          <Legend edges={view.edges} />
        </>
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto p-4" style={{ paddingRight: covered + 16 }}>
          {toolbar}
          <Card className="mt-3.5" flush title="Calls between agents" note={plural(view.edges.length, 'edge')} actions={<Button small onPress={() => saveJson(graph)}><Icon name="download" size={14} />JSON</Button>}><GraphTable view={view} found={found} selected={params.select} onSelect={select} /></Card>
        </div>
      )}
      {stale && <div className="absolute bottom-14 left-4 z-10 max-w-md"><Notice state="warn">{stale} What is shown is what was last read.</Notice></div>}
      <div className="md:[&>aside]:absolute md:[&>aside]:top-3.5 md:[&>aside]:right-3.5 md:[&>aside]:bottom-3.5 md:[&>aside]:z-20 md:[&>aside]:shadow-raised">{panel}</div>
    </div>
  )
}

/** What is chosen, at the right; with many agents and nothing chosen, the worst of them. */
function Detail({ view, groups, edges, selected, onSelect, onOpen, quiet }: { view: GraphView; groups: readonly GroupView[]; edges: readonly GraphView['edges'][number][]; selected: string | null; onSelect: (id: string | null) => void; onOpen: (id: string) => void; quiet: boolean }) {
  const nameOf = (id: string) => view.byId.get(id)?.name ?? id.replace(/^group\//, '')
  const close = () => onSelect(null)
  const node = selected === null ? undefined : view.byId.get(selected)
  if (node) return <NodePanel key={node.id} node={node} seconds={view.seconds} nameOf={nameOf} onSelect={onSelect} onClose={close} />
  const edge = selected === null ? undefined : (view.edges.find((candidate) => candidate.id === selected) ?? edges.find((candidate) => candidate.id === selected))
  if (edge) return <EdgePanel key={edge.id} edge={edge} seconds={view.seconds} nameOf={nameOf} onSelect={onSelect} onClose={close} />
  const group = groups.find((candidate) => candidate.id === selected)
  if (group) return <FleetPanel title={group.name} nodes={group.members} onSelect={onSelect} onOpen={() => onOpen(group.id)} onClose={close} />
  return quiet ? null : <FleetPanel title={`${view.nodes.length} agents, worst first`} nodes={view.nodes} onSelect={onSelect} />
}

function GraphEmpty() {
  const { range, setWindow } = useTimeRange()
  const short = range.kind === 'fixed' || range.window !== '24h'
  return (
    <div className="p-4 md:p-6">
      <h1 className="m-0 mb-3.5 text-xl font-semibold">Graph</h1>
      <Card>
        <EmptyState kind="no-data" title="Nobody has called anybody in this time" action={<><ButtonLink look="primary" href={paths.connect()}>Connect an agent</ButtonLink>{short && <button type="button" className="text-base underline" onClick={() => void setWindow('24h')}>Show 24 hours</button>}</>}>
          An agent appears here when its sidecar enrols or when its first span arrives; a line appears with the first call.
        </EmptyState>
      </Card>
    </div>
  )
}

function GraphDown({ says }: { says: string }) {
  return (
    <div className="p-4 md:p-6">
      <h1 className="m-0 mb-3.5 text-xl font-semibold">Graph</h1>
      <Card><EmptyState kind="down" title="The graph cannot be read">{says} Agents keep calling each other; only the picture is missing. It comes back by itself.</EmptyState></Card>
    </div>
  )
}

