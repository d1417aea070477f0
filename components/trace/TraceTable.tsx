'use client'
import type { TraceSummary } from '#server/contracts/telemetry.ts'
import { paths } from '#components/paths.ts'
import { formatCount, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { printDuration } from './scale.ts'

export function TraceTable({ traces }: { traces: readonly TraceSummary[] }) {
  const longest = Math.max(...traces.map((trace) => trace.durationMs), 1e-6)
  return (
    <Table label="Traces">
      <thead><tr><Th>Trace</Th><Th>Began</Th><Th>Took</Th><Th right>Spans</Th><Th>Services</Th><Th right>Tokens</Th></tr></thead>
      <tbody>
        {traces.map((trace) => (
          <tr key={trace.traceId} className="hover:bg-ground">
            <Td>
              <Link href={paths.trace(trace.traceId)} className="flex max-w-[340px] items-center gap-2 no-underline hover:underline">
                {trace.errors > 0 ? <StateMark state="bad" label={`${trace.errors} failed`} /> : <StateMark state="ok" label="ok" />}
                <span className="shrink-0 font-medium">{trace.rootService || 'unknown'}</span><span className="truncate text-muted">{trace.rootOperation}</span>
              </Link>
            </Td>
            <Td muted><RelativeTime at={trace.startedAt} /></Td>
            <Td>
              <span className="flex items-center gap-2">
                <span className="w-[68px] text-right tabular-nums">{printDuration(trace.durationMs)}</span>
                <i aria-hidden="true" className="block h-1.5 min-w-[2px] rounded-full" style={{ width: `${(trace.durationMs / longest) * 90}px`, background: trace.errors > 0 ? 'var(--bad)' : 'var(--series-1)' }} />
              </span>
            </Td>
            <Td right>{formatCount(trace.spans)}</Td>
            <Td muted><span className="block max-w-[280px] truncate" title={trace.services.map((service) => `${service.name} ${service.spans}`).join(', ')}>{trace.services.slice(0, 4).map((service) => service.name).join(', ')}{trace.services.length > 4 && ` and ${plural(trace.services.length - 4, 'more', 'more')}`}</span></Td>
            <Td right>{trace.tokens ? formatCount(trace.tokens.input + trace.tokens.output) : '–'}</Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
