'use client'
import { useQuery } from '@tanstack/react-query'
import type { Span, SpanPeers } from '#server/contracts/telemetry.ts'
import { asks } from '#components/asks.ts'
import { Histogram } from '#components/charts/Histogram.tsx'
import { get } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { paths } from '#components/paths.ts'
import { formatCount, formatShare, plural } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'
import { printDuration } from './scale.ts'

/** Is this long? The span among those of its service and operation, half an hour before and after it. */
export function Peers({ traceId, span }: { traceId: string; span: Span }) {
  const { key, path } = asks.spanPeers(traceId, span.spanId, span.service)
  const query = useQuery({ queryKey: key, queryFn: get<SpanPeers>(path), staleTime: 60_000 })
  return (
    <Loaded query={query} what="spans like this one" skeleton={<Skeleton className="h-[220px] w-full" />}>
      {(peers) => <Found peers={peers} />}
    </Loaded>
  )
}

function Found({ peers }: { peers: SpanPeers }) {
  const { spans, shorter, failed, latencyMs, bars, durationMs } = peers
  const others = spans - 1
  if (others < 1 || !latencyMs) return <p className="m-0 text-muted">No other span of {peers.service} is called {peers.operation} in the hour around it.</p>
  const share = shorter / others
  const says = share >= 0.995 && shorter === others ? `It took longest of ${plural(spans, 'span')}.` : `It took longer than ${formatShare(share)} of ${plural(others, 'other')}.`
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <p className="m-0 text-base"><b className="font-semibold">{says}</b> <span className="text-muted">{peers.service} {peers.operation}, <LocalTime at={peers.from} /> to <LocalTime at={peers.to} />{peers.backTo && <>, looked back to <LocalTime at={peers.backTo} /></>}</span></p>
      <Histogram bars={bars.map((bar) => ({ from: bar.fromMs, to: bar.toMs, count: bar.count, failed: bar.failed }))} format={printDuration} label={`${says} The middle one took ${printDuration(latencyMs.p50)}, 95 % at most ${printDuration(latencyMs.p95)}.`} mark={{ value: durationMs, label: `this: ${printDuration(durationMs)}` }} />
      <KeyValue rows={[['p50, p95, p99', [latencyMs.p50, latencyMs.p95, latencyMs.p99].map(printDuration).join(', ')], ['Failed', `${formatCount(failed)}, ${formatShare(failed / spans)}`]]} />
      <p className="m-0 text-sm"><Link href={paths.traces({ service: peers.service, operation: peers.operation, from: peers.from, to: peers.to })} className="underline">Traces with such a span</Link></p>
    </div>
  )
}
