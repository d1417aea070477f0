'use client'
import { paths } from '#components/paths.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { formatCount, formatShare } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'
import { Panel } from '#components/ui/Panel.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import type { EdgeChange } from './compare.ts'
import { EdgeFacts } from './EdgeFacts.tsx'
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
      <EdgeFacts edge={edge} />
      <div className="mt-5"><EvidenceTable edges={[edge]} seconds={seconds} /></div>
      <div className="mt-4 flex flex-wrap gap-2">
        <ButtonLink small href={paths.edge(edge.source, edge.target)}>Course and cost</ButtonLink>
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
