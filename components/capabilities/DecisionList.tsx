'use client'
import { parseAsString, useQueryState } from 'nuqs'
import type { Decision } from '#server/contracts/semantic.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { paths } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatMs } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

const COLUMNS: readonly Column<Decision>[] = [
  { id: 'at', header: 'When', muted: true, cell: (row) => <RelativeTime at={row.at} /> },
  { id: 'route', header: 'Route', cell: (row) => `${row.namespace}/${row.route}` },
  { id: 'went', header: 'Went to', cell: (row) => <Link href={paths.decision(row.id)} className="font-medium">{row.chosen ?? 'the fallback'}</Link> },
  { id: 'outcome', header: 'By', cell: (row) => <Tag tone={row.outcome === 'fallback' ? 'warn' : 'plain'}>{row.mode === 'shadow' ? `${row.outcome}, in shadow` : row.outcome}</Tag> },
  { id: 'why', header: 'Because', wrap: true, cell: (row) => row.reason },
  { id: 'took', header: 'Took', right: true, muted: true, cell: (row) => formatMs(row.durationMs) },
]

/** The newest decisions, or those of one trace. */
export function DecisionList() {
  const [traceId] = useQueryState('traceId', parseAsString)
  const query = useLiveQuery<List<Decision>>({ ...reading<List<Decision>>(asks.decisions(traceId)), topics: [], everyMs: 2000 })
  return (
    <Card flush title={traceId ? 'Decisions of this trace' : 'Decisions'} note="kept for 7 days; task text only where the route says so">
      <Loaded query={query} what="the decisions">
        {({ items }) => <DataTable label="Decisions" columns={COLUMNS} rows={items} rowKey={(row) => row.id} empty={<EmptyState kind={traceId ? 'filtered' : 'no-data'} title={traceId ? 'No decision belongs to this trace' : 'No decision yet'}>One is made for each call to a route that decides by content, such as http://ask.default.route.mesh/.</EmptyState>} />}
      </Loaded>
    </Card>
  )
}
