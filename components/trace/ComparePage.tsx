'use client'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useMemo } from 'react'
import type { TraceSummary } from '#server/contracts/telemetry.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { get, type List } from '#components/mesh/call.ts'
import { paths, withQuery } from '#components/paths.ts'
import { Button } from '#components/ui/Button.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Select } from '#components/ui/Select.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { useTimeZone } from '#components/ui/LocalTime.tsx'
import { useTrace } from './use-trace.ts'
import type { ShownTrace } from './columns.ts'
import { ComparedTable } from './ComparedTable.tsx'
import { compareTrees, mostChanged } from './compare.ts'
import { layOut } from './laid-out.ts'
import { printDuration } from './scale.ts'

const AROUND_MS = 3_600_000

/** Two traces, aligned by what their services did. Without a second one, the first is set against one like it that took an ordinary time. */
export function ComparePage({ first, second }: { first: string; second: string | null }) {
  const a = useTrace(first)
  const alike = useAlike(a.data)
  const typical = useMemo(() => medianOf(alike.data ?? []), [alike.data])
  const b = useTrace(second ?? typical?.traceId ?? null)
  const router = useRouter()
  const timeZone = useTimeZone()
  const options = (alike.data ?? []).map((trace) => ({ id: trace.traceId, title: `${trace.traceId === typical?.traceId ? 'Typical: ' : ''}${printDuration(trace.durationMs)}${trace.errors > 0 ? ', failed' : ''}, ${new Date(trace.startedAt).toLocaleTimeString('en-GB', { timeZone })}` }))
  const secondId = second ?? typical?.traceId ?? null
  const known = secondId !== null && !options.some((option) => option.id === secondId) ? [{ id: secondId, title: `Trace ${secondId.slice(0, 8)}` }] : []
  return (
    <Page
      title="Two traces"
      crumbs={[{ href: paths.traces(), label: 'Traces' }, { href: paths.trace(first), label: first.slice(0, 8) }]}
      actions={
        <>
          {options.length + known.length > 0 && <Select label="Against" labelHidden value={secondId} options={[...known, ...options]} onChange={(id) => router.replace(paths.compareTraces(first, id), { scroll: false })} />}
          {secondId !== null && <Button onPress={() => router.replace(paths.compareTraces(secondId, first), { scroll: false })}>Swap</Button>}
        </>
      }
    >
      <Loaded query={a} what={`the trace ${first}`}>
        {(one) => (secondId === null
          ? alike.isPending ? <SkeletonRows label="Looking for one like it" /> : <EmptyState kind="no-data" title="There is no other trace like this one">Nothing else began in the same way within an hour of it. Choose two in the list of traces.</EmptyState>
          : <Loaded query={b} what={`the trace ${secondId}`}>{(other) => <Compared traces={[one, other]} />}</Loaded>)}
      </Loaded>
    </Page>
  )
}

function Compared({ traces }: { traces: readonly [ShownTrace, ShownTrace] }) {
  const [a, b] = traces
  const trees = useMemo(() => [layOut(a).tree, layOut(b).tree] as const, [a, b])
  const rows = useMemo(() => compareTrees(trees), [trees])
  const most = useMemo(() => mostChanged(rows), [rows])
  const byMs = trees[1].durationMs - trees[0].durationMs
  return (
    <div className="grid gap-3.5">
      <p className="m-0 text-muted">
        <b className="font-semibold text-text">{a.traceId === b.traceId ? 'This is one and the same trace.' : Math.abs(byMs) < 1 ? 'The two took the same time.' : `The second took ${printDuration(Math.abs(byMs))} ${byMs > 0 ? 'longer' : 'less'}.`}</b>
        {most && <> Most of what changed is {most.row.service} {most.row.name}: {printDuration(Math.abs(most.ms))} {most.ms > 0 ? 'more' : 'less'} of its own work.</>}
      </p>
      {(a.truncated || b.truncated) && <Notice state="warn">One of them is longer than what is read of a trace; what is compared is its first part.</Notice>}
      <ComparedTable rows={rows} traces={traces} trees={trees} />
    </div>
  )
}

/** Traces that began in the same way within an hour of this one. */
function useAlike(trace: ShownTrace | undefined) {
  const root = trace?.spans.find((span) => span.parentSpanId === null) ?? trace?.spans[0]
  return useQuery({
    queryKey: ['alike', trace?.traceId, root?.service, root?.name],
    enabled: trace !== undefined && root !== undefined,
    staleTime: 60_000,
    queryFn: async (context) => {
      const at = Date.parse(trace!.startedAt) // enabled with a trace alone, here and below
      const { items } = await get<List<TraceSummary>>(withQuery('/traces', { service: root!.service, operation: root!.name, from: new Date(at - AROUND_MS).toISOString(), to: new Date(Math.min(Date.now(), at + AROUND_MS)).toISOString(), limit: 50 }))(context)
      return items.filter((item) => item.traceId !== trace!.traceId && item.rootService === root!.service && item.rootOperation === root!.name)
    },
  })
}

/** The ordinary one: of those that went well, if any did, the one in the middle by time. */
function medianOf(traces: readonly TraceSummary[]): TraceSummary | null {
  const well = traces.filter((trace) => trace.errors === 0)
  const sorted = (well.length > 0 ? well : traces).toSorted((a, b) => a.durationMs - b.durationMs)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
