'use client'
import { parseAsInteger, parseAsString, useQueryStates } from 'nuqs'
import type { GRPCRoute } from '#server/contracts/grpc-route.ts'
import type { HTTPRoute } from '#server/contracts/http-route.ts'
import { asks } from '#components/asks.ts'
import { FindingsMark } from '#components/findings/OwnFindings.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatCount, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { paths } from '#components/paths.ts'
import { reading, type List } from './call.ts'
import { Loaded } from './Loaded.tsx'
import { LoomStrip } from './Loom.tsx'
import { RevisionState } from './RevisionState.tsx'
import { RevisionWhen } from './RevisionWhen.tsx'
import { parentsOf, rulesOf, splitsOf } from './route-reading.ts'
import { apportion } from './split.ts'
import { TOPICS } from './topics.ts'

export type ListedRoute = HTTPRoute | GRPCRoute

const PAGE = 50
const URL_STATE = { q: parseAsString.withDefault(''), show: parseAsInteger.withDefault(PAGE) }

const COLUMNS: readonly Column<ListedRoute>[] = [
  { id: 'route', header: 'Route', sortBy: (route) => `${route.metadata.namespace}/${route.metadata.name}`, cell: (route) => <RouteName route={route} /> },
  { id: 'calls', header: 'Calls to', cell: (route) => <Parents route={route} /> },
  { id: 'split', header: 'Split', cell: (route) => <Split route={route} /> },
  { id: 'state', header: 'In the mesh', cell: (route) => <span className="flex flex-wrap gap-1.5"><RevisionState revision={revisionOf(route)} /><FindingsMark at={{ kind: route.kind, namespace: route.metadata.namespace, name: route.metadata.name }} /></span> },
  { id: 'changed', header: 'Last change', muted: true, sortBy: (route) => -(revisionOf(route) ?? 0), cell: (route) => <RevisionWhen revision={revisionOf(route)} /> },
]

export function RouteList() {
  const [view, setView] = useQueryStates(URL_STATE, { history: 'replace' })
  const http = useLiveQuery<List<HTTPRoute>>({ ...reading<List<HTTPRoute>>(asks.routes()), topics: TOPICS.revisions, everyMs: 15_000 })
  const grpc = useLiveQuery<List<GRPCRoute>>({ ...reading<List<GRPCRoute>>(asks.grpcRoutes()), topics: TOPICS.revisions, everyMs: 15_000 })
  return (
    <Card flush title="Routes" note={http.data && grpc.data && plural(http.data.items.length + grpc.data.items.length, 'route')} actions={<div data-find><Field label="Find a route" labelHidden placeholder="Find by name, agent or version" value={view.q} onChange={(q) => void setView({ q: q || null, show: null })} className="w-56" /></div>}>
      <Loaded query={http} what="the routes">
        {({ items, metadata }) => <Loaded query={grpc} what="the gRPC routes">{(more) => <Rows items={[...items, ...more.items]} isCut={metadata.continue !== null || more.metadata.continue !== null} />}</Loaded>}
      </Loaded>
    </Card>
  )
}

function Rows({ items, isCut }: { items: readonly ListedRoute[]; isCut: boolean }) {
  const [view, setView] = useQueryStates(URL_STATE, { history: 'replace' })
  const found = items.filter((route) => matches(route, view.q))
  const shown = found.slice(0, view.show)
  return (
    <>
      <DataTable label="Routes" columns={COLUMNS} rows={shown} rowKey={(route) => `${route.kind} ${route.metadata.namespace}/${route.metadata.name}`} firstSort={{ column: 'route', descending: false }}
        empty={items.length === 0
          ? <EmptyState kind="no-data" title="No route yet" action={<ButtonLink href={paths.newRoute()}>New route</ButtonLink>}>Without a route, calls to an agent go to all of its ready instances, whatever their version. A route parts them by version, path or header.</EmptyState>
          : <EmptyState kind="filtered" title={`None of ${plural(items.length, 'route')} says “${view.q}”`} action={<Button onPress={() => void setView({ q: null })}>Show all</Button>} />} />
      {found.length > shown.length && <div className="flex items-center gap-3 px-2.5 py-2 text-muted">{formatCount(shown.length)} of {formatCount(found.length)}<Button small onPress={() => void setView({ show: view.show + PAGE })}>Show more</Button></div>}
      {isCut && <p className="m-0 px-2.5 py-2 text-muted">Only the first {formatCount(items.length)} routes are here; the API and the CLI list them all.</p>}
    </>
  )
}

function RouteName({ route }: { route: ListedRoute }) {
  const { namespace, name } = route.metadata
  return <><Link href={pathOfRoute(route)} className="font-medium no-underline hover:underline">{namespace !== 'default' && <span className="text-muted">{namespace}/</span>}{name}</Link>{route.kind === 'GRPCRoute' && <span className="text-muted"> gRPC</span>}</>
}

function Parents({ route }: { route: ListedRoute }) {
  return parentsOf(route).map((parent, index) => (
    <span key={index}>{index > 0 && ', '}{parent.kind === 'Agent' ? <Link href={paths.agent(parent.namespace ?? route.metadata.namespace, parent.name)} className="no-underline hover:underline">{parent.name}</Link> : `gateway ${parent.name}`}</span>
  ))
}

function Split({ route }: { route: ListedRoute }) {
  const split = splitsOf(route)[0]
  const rules = rulesOf(route)
  if (!split) {
    const backends = [...new Set(rules.flatMap((rule) => rule.backends.map((backend) => backend.label)))]
    return <span className="text-muted">{backends.length === 0 ? 'nobody' : `all to ${backends.slice(0, 3).join(', ')}${backends.length > 3 ? ' …' : ''}`}</span>
  }
  const shares = apportion(split.backends.map((backend) => backend.weight))
  const words = split.backends.map((backend, index) => `${backend.label} ${shares[index]} %`).slice(0, 4).join(', ')
  return <span className="flex items-center gap-3"><LoomStrip shares={shares} label={words} /><span className="tabular-nums">{words}{rules.length > 1 && <span className="text-muted">, {plural(rules.length, 'rule')}</span>}</span></span>
}

function matches(route: ListedRoute, query: string): boolean {
  const text = [route.metadata.namespace, route.metadata.name, ...parentsOf(route).map((parent) => parent.name), ...rulesOf(route).flatMap((rule) => rule.backends.map((backend) => backend.name))].join(' ').toLowerCase()
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}

export function pathOfRoute({ kind, metadata: { namespace, name } }: ListedRoute, query: { tab?: string } = {}): string {
  return kind === 'GRPCRoute' ? paths.grpcRoute(namespace, name, query) : paths.route(namespace, name, query)
}

export function revisionOf(object: { metadata: { resourceVersion?: string } }): number | null {
  const revision = Number(object.metadata.resourceVersion)
  return Number.isInteger(revision) && revision > 0 ? revision : null
}
