'use client'
import { paths } from '#components/paths.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { formatBytes, formatCount, formatMs, formatRate, formatShare, NOTHING } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Panel } from '#components/ui/Panel.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import type { EdgeChange } from './compare.ts'
import { EvidenceTable } from './EvidenceTable.tsx'
import { markOf, type EdgeView } from './figures.ts'

/** Calls from one to another in the window. */
export function EdgePanel({ edge, seconds, nameOf, onSelect, onClose }: { edge: EdgeView; seconds: number; nameOf: (id: string) => string; onSelect: (id: string) => void; onClose: () => void }) {
  const [source, target] = [nameOf(edge.source), nameOf(edge.target)]
  const { figures } = edge
  return (
    <Panel title={`${source} → ${target}`} tags={<Tag state={markOf(edge.health)}>{edge.health}</Tag>} onClose={onClose}>
      <div className="mb-3 flex flex-wrap gap-1.5"><Tag>{edge.protocol || 'unknown protocol'}</Tag></div>
      {edge.open && <div className="mb-3"><Notice state="warn">{edge.mtlsShare === 0 ? 'These calls are not authenticated: there is no mTLS on them.' : `${formatShare(1 - (edge.mtlsShare ?? 0))} of these calls came without mTLS.`}</Notice></div>}
      {edge.change && edge.change.kind !== 'same' && <div className="mb-3"><Notice state={edge.change.kind === 'worse' ? 'bad' : 'info'}>{sayChange(edge.change)}</Notice></div>}
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
      <div className="mt-5"><EvidenceTable edges={[edge]} seconds={seconds} /></div>
      <div className="mt-4 flex flex-wrap gap-2">
        <ButtonLink small href={paths.traces({ service: target })}>Traces of {target}</ButtonLink>
        {figures.errors > 0 && <ButtonLink small href={paths.traces({ service: target, status: 'error' })}>Only errors</ButtonLink>}
      </div>
      <p className="mt-4 mb-0 flex gap-3 text-base text-muted">
        <button type="button" className="rounded-sm hover:underline" onClick={() => onSelect(edge.source)}>{source}</button>
        <button type="button" className="rounded-sm hover:underline" onClick={() => onSelect(edge.target)}>{target}</button>
      </p>
    </Panel>
  )
}

function sayChange({ kind, says, before }: EdgeChange): string {
  if (before === null) return 'These calls are new: there were none in the window compared with.'
  return kind === 'gone' ? `These calls are gone; there were ${formatCount(before.requests)} in the window compared with.` : `In the window compared with it was otherwise: ${says}.`
}
