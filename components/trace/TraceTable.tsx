'use client'
import { useState, type ReactNode } from 'react'
import type { TraceSummary } from '#server/contracts/telemetry.ts'
import { paths } from '#components/paths.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { formatCount, NOTHING, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { printDuration } from './scale.ts'
import { USUAL, type ColumnId } from './trace-columns.ts'

interface Shown {
  title: string
  right?: boolean
  muted?: boolean
  cell: (trace: TraceSummary, longestMs: number) => ReactNode
}

const COLUMNS: Record<ColumnId, Shown> = {
  began: { title: 'Began', muted: true, cell: (trace) => <RelativeTime at={trace.startedAt} /> },
  at: { title: 'Began at', muted: true, cell: (trace) => <LocalTime at={trace.startedAt} /> },
  took: { title: 'Took', cell: (trace, longestMs) => <Took trace={trace} longestMs={longestMs} /> },
  spans: { title: 'Spans', right: true, cell: (trace) => formatCount(trace.spans) },
  failed: { title: 'Failed spans', right: true, cell: (trace) => formatCount(trace.errors) },
  services: { title: 'Services', muted: true, cell: (trace) => <span className="block max-w-[280px] truncate" title={trace.services.map((service) => `${service.name} ${service.spans}`).join(', ')}>{trace.services.slice(0, 4).map((service) => service.name).join(', ')}{trace.services.length > 4 && ` and ${plural(trace.services.length - 4, 'more', 'more')}`}</span> },
  tokens: { title: 'Tokens', right: true, cell: (trace) => (trace.tokens ? formatCount(trace.tokens.input + trace.tokens.output) : NOTHING) },
  tokensIn: { title: 'Tokens in', right: true, cell: (trace) => formatCount(trace.tokens?.input ?? null) },
  tokensOut: { title: 'Tokens out', right: true, cell: (trace) => formatCount(trace.tokens?.output ?? null) },
  id: { title: 'Id', muted: true, cell: (trace) => <Copyable text={trace.traceId} label="the trace id" /> },
}

export const TITLES = Object.fromEntries(Object.entries(COLUMNS).map(([id, { title }]) => [id, title])) as Record<ColumnId, string> // the same keys

/** What was found, with the columns that are wanted; two of them can be chosen, to be compared. */
export function TraceTable({ traces, columns = USUAL }: { traces: readonly TraceSummary[]; columns?: readonly ColumnId[] }) {
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [first, second] = chosen
  const longestMs = Math.max(...traces.map((trace) => trace.durationMs), 1e-6)
  return (
    <>
      {first !== undefined && (
        <div role="status" className="flex flex-wrap items-center gap-2.5 px-2.5 py-1.5 text-sm text-muted">
          {second === undefined ? <span>One is chosen; choose another to compare the two, or <Link href={paths.compareTraces(first)} className="underline">compare it with a typical one</Link>.</span> : <ButtonLink small look="primary" href={paths.compareTraces(first, second)}>Compare these two</ButtonLink>}
          <Button small look="quiet" onPress={() => setChosen([])}>Choose none</Button>
        </div>
      )}
      <Table label="Traces">
        <thead><tr><Th><span className="sr-only">To compare</span></Th><Th>Trace</Th>{columns.map((id) => <Th key={id} right={COLUMNS[id].right}>{COLUMNS[id].title}</Th>)}</tr></thead>
        <tbody>
          {traces.map((trace) => (
            <tr key={trace.traceId} className="hover:bg-ground">
              <Td><input type="checkbox" aria-label={`Compare ${trace.rootService} ${trace.rootOperation}, ${trace.traceId.slice(0, 8)}`} checked={chosen.includes(trace.traceId)} onChange={() => setChosen(chosen.includes(trace.traceId) ? chosen.filter((id) => id !== trace.traceId) : [...chosen, trace.traceId].slice(-2))} className="block size-3.5 accent-[var(--accent)]" /></Td>
              <Td>
                <Link href={paths.trace(trace.traceId)} className="flex max-w-[340px] items-center gap-2 no-underline hover:underline">
                  {trace.errors > 0 ? <StateMark state="bad" label={`${trace.errors} failed`} /> : <StateMark state="ok" label="ok" />}
                  <span className="shrink-0 font-medium">{trace.rootService || 'unknown'}</span><span className="truncate text-muted">{trace.rootOperation}</span>
                </Link>
              </Td>
              {columns.map((id) => <Td key={id} right={COLUMNS[id].right} muted={COLUMNS[id].muted}>{COLUMNS[id].cell(trace, longestMs)}</Td>)}
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  )
}

function Took({ trace, longestMs }: { trace: TraceSummary; longestMs: number }) {
  return (
    <span className="flex items-center gap-2">
      <span className="w-[68px] text-right tabular-nums">{printDuration(trace.durationMs)}</span>
      <i aria-hidden="true" className="block h-1.5 min-w-[2px] rounded-full" style={{ width: `${(trace.durationMs / longestMs) * 90}px`, background: trace.errors > 0 ? 'var(--bad)' : 'var(--series-1)' }} />
    </span>
  )
}
