'use client'
import type { UseQueryResult } from '@tanstack/react-query'
import { messageOf } from '#server/contracts/errors.ts'
import { paths } from '#components/paths.ts'
import type { ShownTrace } from '#components/trace/columns.ts'
import { printDuration } from '#components/trace/scale.ts'
import { plural } from '#components/ui/format.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { Link } from '#components/ui/Link.tsx'
import type { Overlay } from './trace-overlay.ts'

/** Says which trace lies over the graph, and takes it away. */
export function TraceChip({ traceId, trace, overlay, onClose }: { traceId: string; trace: UseQueryResult<ShownTrace>; overlay: Overlay | null; onClose: () => void }) {
  return (
    <span role="status" className="flex min-h-[30px] items-center gap-2 rounded-md border border-line-strong bg-surface py-1 pr-1 pl-2.5 text-sm text-muted">
      {trace.error && !overlay
        ? <span>Trace {traceId.slice(0, 8)} cannot be read: {messageOf(trace.error)}</span>
        : overlay
          ? <span>Trace <Link href={paths.trace(traceId)} className="underline">{traceId.slice(0, 8)}</Link>: {plural(overlay.calls, 'call')} in {printDuration(trace.data?.durationMs ?? 0)}{overlay.missing > 0 && `, ${overlay.missing} not in this time of the graph`}</span>
          : <span>Reading the trace {traceId.slice(0, 8)}</span>}
      <button type="button" aria-label="Take the trace off the graph" onClick={onClose} className="grid size-5 flex-none place-items-center rounded-sm hover:text-text"><Icon name="close" size={13} /></button>
    </span>
  )
}
