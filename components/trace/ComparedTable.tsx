'use client'
import { parseAsBoolean, useQueryState } from 'nuqs'
import { useState } from 'react'
import { paths } from '#components/paths.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatCount, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import type { ShownTrace } from './columns.ts'
import { COMPARED_ROWS_MAX, differenceOf, differing, type ComparedRow, type Pair } from './compare.ts'
import { printDuration } from './scale.ts'
import type { TraceTree } from './tree.ts'

const ROWS_SHOWN = 200
const COLOURS = ['var(--series-1)', 'var(--series-2)'] as const

/** Row by row: what each trace took for the same work, one bar above the other, and what only one of them has. */
export function ComparedTable({ rows, traces, trees }: { rows: readonly ComparedRow[]; traces: Pair<ShownTrace>; trees: Pair<TraceTree> }) {
  const [all, setAll] = useQueryState('all', parseAsBoolean.withDefault(false).withOptions({ history: 'replace' }))
  const [shown, setShown] = useState(ROWS_SHOWN)
  const differ = differing(rows)
  const list = all ? rows : differ
  const longest = Math.max(trees[0].durationMs, trees[1].durationMs, 1e-6)
  return (
    <Card
      flush
      title={all ? 'All operations' : 'What differs'}
      note={all ? formatCount(rows.length) : `${formatCount(rows.filter((row) => differenceOf(row) !== 'same').length)} of ${formatCount(rows.length)}`}
      actions={<Segmented label="Rows" value={all ? 'all' : 'differ'} onChange={(next) => void setAll(next === 'all' ? true : null)} options={[{ id: 'differ', title: 'What differs' }, { id: 'all', title: 'All' }]} />}
    >
      <p className="m-0 flex flex-wrap gap-x-6 gap-y-1 px-2.5 py-1 text-sm text-muted">
        {traces.map((trace, side) => (
          <span key={side} className="flex items-center gap-2">
            <i aria-hidden="true" className="block h-2 w-4 rounded-full" style={{ background: COLOURS[side] }} />
            {side === 0 ? 'First' : 'Second'}: <Link href={paths.trace(trace.traceId)} className="underline">{trace.traceId.slice(0, 8)}</Link> {printDuration(trees[side as 0 | 1].durationMs)}, {plural(trees[side as 0 | 1].spans.length, 'span')}, <LocalTime at={trace.startedAt} />
          </span>
        ))}
      </p>
      {list.length === 0 ? <EmptyState kind="no-data" title="Nothing differs">Both did the same work, each part of it within 5 % or a millisecond.</EmptyState> : (
        <Table label="Two traces compared">
          <thead><tr><Th>Service, operation</Th><Th right>First</Th><Th right>Second</Th><Th><span className="sr-only">Side by side</span></Th><Th right>Difference</Th><Th right>Of its own</Th></tr></thead>
          <tbody>{list.slice(0, shown).map((row) => <Row key={row.key} row={row} traces={traces} trees={trees} longest={longest} />)}</tbody>
        </Table>
      )}
      {list.length > shown && <div className="px-2.5 py-2"><Button small onPress={() => setShown(shown + ROWS_SHOWN * 5)}>{plural(list.length - shown, 'more row')}</Button></div>}
      {rows.length >= COMPARED_ROWS_MAX && <p className="m-0 px-2.5 py-2 text-sm text-muted">These are the first {formatCount(COMPARED_ROWS_MAX)} rows; the traces have more.</p>}
    </Card>
  )
}

function Row({ row, traces, trees, longest }: { row: ComparedRow; traces: Pair<ShownTrace>; trees: Pair<TraceTree>; longest: number }) {
  const difference = differenceOf(row)
  const same = difference === 'same'
  const took = (side: 0 | 1) => {
    const index = row.first[side]
    const span = index === null ? undefined : trees[side].spans[index]
    if (!span) return <span className="text-faint">–</span>
    const says = `${printDuration(row.tookMs[side])}${row.spans[side] > 1 ? ` in ${formatCount(row.spans[side])}` : ''}`
    return <Link href={paths.trace(traces[side].traceId, { span: span.spanId })} className="no-underline hover:underline" aria-label={`${says}, the span in the ${side === 0 ? 'first' : 'second'} trace`}>{says}</Link>
  }
  return (
    <tr className={same ? 'text-muted' : ''}>
      <Td>
        <span className="flex max-w-[420px] items-center gap-1.5" style={{ paddingLeft: Math.min(row.depth, 12) * 14 }}>
          <span className="shrink-0 font-medium">{row.service}</span><span className="truncate text-muted" title={row.name}>{row.name}</span>
        </span>
      </Td>
      <Td right>{took(0)}</Td>
      <Td right>{took(1)}</Td>
      <Td>
        <span aria-hidden="true" className="grid w-40 gap-0.5">
          {row.tookMs.map((ms, side) => <i key={side} className="block h-1.5 rounded-full" style={{ width: row.spans[side as 0 | 1] === 0 ? 0 : `max(2px, ${Math.min(1, ms / longest) * 100}%)`, background: COLOURS[side] }} />)}
        </span>
      </Td>
      <Td right><Difference row={row} /></Td>
      <Td right muted>{row.spans[0] === 0 || row.spans[1] === 0 || same ? '' : signed(row.ownMs[1] - row.ownMs[0])}</Td>
    </tr>
  )
}

function Difference({ row }: { row: ComparedRow }) {
  const byMs = row.tookMs[1] - row.tookMs[0]
  switch (differenceOf(row)) {
    case 'only-first': return <Tag>only in the first</Tag>
    case 'only-second': return <Tag>only in the second</Tag>
    case 'failed': return <Tag state="bad">{row.failed[1] > 0 ? 'failed in the second' : 'failed in the first'}</Tag>
    case 'slower': return <span className="font-medium">{signed(byMs)}</span>
    case 'faster': return <span>{signed(byMs)}</span>
    case 'same': return <span className="text-faint">same</span>
  }
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${printDuration(Math.abs(ms))}`
}
