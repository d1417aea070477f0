'use client'
import { useQuery } from '@tanstack/react-query'
import type { Span } from '#server/contracts/telemetry.ts'
import { asks } from '#components/asks.ts'
import { get } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { useRevealed } from './RevealMessages.tsx'
import { SpanPanel } from './SpanPanel.tsx'

interface SelectedSpanProps {
  traceId: string
  /** The trace came by columns: the span is asked for in full. */
  brief: boolean
  span: Span
  criticalMs: number
  isOrphan: boolean
}

export function SelectedSpan(props: SelectedSpanProps) {
  return props.brief ? <AskedSpan {...props} /> : <RevealedSpan {...props} />
}

function AskedSpan(props: SelectedSpanProps) {
  const { traceId, span } = props
  const { key, path } = asks.span(traceId, span.spanId, span.service)
  const query = useQuery({ queryKey: key, queryFn: get<Span>(path), staleTime: Number.POSITIVE_INFINITY })
  return <Loaded query={query} what="this span">{(whole) => <RevealedSpan {...props} span={whole} />}</Loaded>
}

function RevealedSpan({ traceId, span, criticalMs, isOrphan }: SelectedSpanProps) {
  return <SpanPanel traceId={traceId} span={useRevealed(traceId, span)} criticalMs={criticalMs} isOrphan={isOrphan} />
}
