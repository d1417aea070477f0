import { formatBytes, formatCount, formatMs, formatRate, formatShare, NOTHING } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import type { EdgeView } from './figures.ts'

/** The figures of an edge in the window. */
export function EdgeFacts({ edge }: { edge: EdgeView }) {
  const { figures } = edge
  return (
    <KeyValue
      rows={[
        ['Requests', `${formatRate(figures.perSecond)}, ${formatCount(figures.requests)} in all`],
        ['Errors', figures.requests === 0 ? NOTHING : `${formatCount(figures.errors)}, ${formatShare(figures.errorShare)}`],
        ['Refused (4xx)', formatCount(figures.refused)],
        ['Retries', formatCount(edge.retries)],
        ['Latency p50, p95, p99', figures.p95 === null ? NOTHING : [figures.p50, figures.p95, figures.p99].map(formatMs).join(', ')],
        edge.durationMs !== null && ['Mean duration', formatMs(edge.durationMs)],
        edge.bytesSent !== null && ['Sent, received', `${formatBytes(edge.bytesSent)}, ${formatBytes(edge.bytesReceived)}`],
        ['By mTLS', edge.mtlsShare === null ? 'the mesh did not see them' : formatShare(edge.mtlsShare)],
      ]}
    />
  )
}
