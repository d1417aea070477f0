'use client'
import { formatMs, formatRate, formatShare, NOTHING } from '#components/ui/format.ts'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { markOf, type EdgeView, type GraphView } from './figures.ts'
import type { FindResult } from './find.ts'

/** The graph's twin: the same calls in rows, for reading, sorting and screen readers. */
export function GraphTable({ view, found, selected, onSelect }: { view: GraphView; found: FindResult; selected: string | null; onSelect: (id: string) => void }) {
  const nameOf = (id: string) => view.byId.get(id)?.name ?? id
  const columns: readonly Column<EdgeView>[] = [
    { id: 'state', header: 'State', sortBy: (edge) => ['failing', 'degraded', 'healthy', 'unknown', 'idle'].indexOf(edge.health), cell: (edge) => <span className="flex items-center gap-2"><StateMark state={markOf(edge.health)} />{edge.health}</span> },
    { id: 'source', header: 'Caller', sortBy: (edge) => nameOf(edge.source), cell: (edge) => <SelectCell id={edge.id} onSelect={onSelect}>{nameOf(edge.source)}</SelectCell> },
    { id: 'target', header: 'Called', sortBy: (edge) => nameOf(edge.target), cell: (edge) => nameOf(edge.target) },
    { id: 'protocol', header: 'Protocol', muted: true, sortBy: (edge) => edge.protocol, cell: (edge) => edge.protocol },
    { id: 'rate', header: 'Requests', right: true, sortBy: (edge) => edge.figures.perSecond, cell: (edge) => formatRate(edge.figures.perSecond) },
    { id: 'errors', header: 'Errors', right: true, sortBy: (edge) => edge.figures.errorShare, cell: (edge) => <span className={edge.health === 'failing' ? 'text-bad' : edge.health === 'degraded' ? 'text-warn' : undefined}>{formatShare(edge.figures.errorShare)}</span> },
    { id: 'p50', header: 'p50', right: true, sortBy: (edge) => edge.figures.p50, cell: (edge) => formatMs(edge.figures.p50) },
    { id: 'p95', header: 'p95', right: true, sortBy: (edge) => edge.figures.p95, cell: (edge) => formatMs(edge.figures.p95) },
    { id: 'mtls', header: 'mTLS', right: true, sortBy: (edge) => edge.mtlsShare, cell: (edge) => formatShare(edge.mtlsShare) },
    ...(view.compared?.known ? [CHANGE] : []),
    { id: 'evidence', header: 'Evidence', muted: true, cell: (edge) => [edge.evidence.mesh && 'mesh', edge.evidence.spans && 'spans'].filter(Boolean).join(' and ') || NOTHING },
  ]
  const rows = found.state === 'found' ? view.edges.filter((edge) => found.lit.edges.has(edge.id)) : view.edges
  return (
    <DataTable
      label="Calls between agents"
      columns={columns}
      rows={rows}
      rowKey={(edge) => edge.id}
      firstSort={{ column: 'state', descending: false }}
      onRow={(edge) => onSelect(edge.id)}
      selected={selected}
      empty={view.edges.length > 0 ? <EmptyState kind="filtered" title="No call matches">{found.state === 'found' ? 'The find expression leaves none of the calls of this time.' : null}</EmptyState> : <EmptyState kind="no-data" title="No calls in this time">Nobody called anybody, or what they sent has not arrived.</EmptyState>}
    />
  )
}

const CHANGES = ['worse', 'gone', 'new', 'quieter', 'busier', 'better', 'same']
const CHANGE: Column<EdgeView> = { id: 'change', header: 'Change', sortBy: (edge) => CHANGES.indexOf(edge.change?.kind ?? 'same'), cell: ({ change }) => change && change.kind !== 'same' ? <span className={change.kind === 'worse' ? 'text-bad' : change.kind === 'better' ? 'text-ok' : undefined}>{change.kind === 'gone' ? `gone, ${change.says}` : change.says}</span> : <span className="text-faint">none</span> }

/** The keyboard's way to what a click on the row does. */
function SelectCell({ id, onSelect, children }: { id: string; onSelect: (id: string) => void; children: string }) {
  return (
    <button
      type="button"
      className="rounded-sm font-medium hover:underline"
      onClick={(event) => {
        event.stopPropagation()
        onSelect(id)
      }}
    >
      {children}
    </button>
  )
}
