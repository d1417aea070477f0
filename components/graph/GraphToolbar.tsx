'use client'
import type { ReactNode } from 'react'
import { Button } from '#components/ui/Button.tsx'
import { plural } from '#components/ui/format.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { Select } from '#components/ui/Select.tsx'
import type { Completion } from '#components/ui/use-completion.ts'
import { FindLine } from './FindLine.tsx'
import { COMPARISONS, sayComparison, type Compared, type Comparison } from './compare.ts'
import type { EdgeView } from './figures.ts'
import type { FindResult } from './find.ts'

interface ToolbarProps {
  find: string
  onFind: (text: string) => void
  found: FindResult
  /** What may come next in the line. */
  offer: (line: string) => Completion[]
  /** What does not match is hidden rather than dim. */
  only: boolean
  onOnly: (only: boolean) => void
  view: 'graph' | 'table'
  onView: (view: 'graph' | 'table') => void
  group: string
  groups: readonly { id: string; title: string }[]
  onGroup: (group: string) => void
  open: string | null
  onClose: () => void
  comparison: Comparison | null
  onCompare: (comparison: Comparison | null) => void
  compared: Compared | null
  /** What else lies over the graph. */
  extra?: ReactNode
}

export function GraphToolbar({ find, onFind, found, offer, only, onOnly, view, onView, group, groups, onGroup, open, onClose, comparison, onCompare, compared, extra }: ToolbarProps) {
  return (
    <div className="flex w-full flex-wrap items-start gap-2">
      <FindLine find={find} onFind={onFind} found={found} offer={offer} only={only} onOnly={onOnly} />
      <Segmented label="Shown as" value={view} onChange={onView} options={[{ id: 'graph', title: 'Graph' }, { id: 'table', title: 'Table' }]} />
      {view === 'graph' && groups.length > 1 && <Select label="Group by" labelHidden small value={group} options={groups} onChange={onGroup} className="[&_button]:h-[30px]" />}
      {view === 'graph' && open !== null && (
        <Button small className="h-[30px]" onPress={onClose}>
          <Icon name="close" size={13} />
          {open}
        </Button>
      )}
      <Select label="Compare with" labelHidden small value={comparison ?? 'none'} options={COMPARE_OPTIONS} onChange={(next) => onCompare(next === 'none' ? null : next)} className="[&_button]:h-[30px]" />
      {compared && <Differences compared={compared} onShow={() => onFind('edge change != same')} />}
      {extra}
    </div>
  )
}

const COMPARE_OPTIONS = [{ id: 'none' as const, title: 'Compare with…' }, ...COMPARISONS.map((id) => ({ id, title: `Against ${sayComparison(id)}` }))]

/** How many edges differ, and the way to see them alone. */
function Differences({ compared: { known, counts }, onShow }: { compared: Compared; onShow: () => void }) {
  const parts = (['new', 'gone', 'worse', 'better', 'busier', 'quieter'] as const).filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`)
  const says = !known ? 'Nothing was counted then' : parts.length === 0 ? 'Nothing differs' : parts.join(', ')
  return (
    <span role="status" className="flex h-[30px] items-center gap-2 rounded-md border border-line bg-surface px-2.5 text-sm text-muted">
      {says}
      {parts.length > 0 && <button type="button" className="rounded-sm underline hover:text-text" onClick={onShow}>Show these</button>}
    </span>
  )
}

/** What shapes, colours and lines mean; it stands on the picture itself. */
export function Legend({ edges }: { edges: readonly EdgeView[] }) {
  const marks = [
    ['M6 2a4 4 0 100 8 4 4 0 000-8z', 'text-ok', 'healthy'],
    ['M6 1l5 5-5 5-5-5z', 'text-warn', 'degraded'],
    ['M6 1l5.5 10h-11z', 'text-bad', 'failing, dashed'],
  ] as const
  return (
    <div className="absolute bottom-3.5 left-4 z-10 flex max-w-[calc(100%-2rem)] flex-wrap gap-x-3.5 gap-y-1 rounded-md border border-line bg-surface px-3 py-1.5 text-xs text-muted max-md:hidden">
      {marks.map(([path, tone, says]) => (
        <span key={says} className="flex items-center gap-1.5">
          <svg aria-hidden viewBox="0 0 12 12" width={10} height={10} className={tone}><path d={path} fill="currentColor" /></svg>
          {says}
        </span>
      ))}
      <span className="flex items-center gap-1.5">
        <Icon name="lock" size={13} />
        {describeMtls(edges)}
      </span>
    </div>
  )
}

function describeMtls(edges: readonly EdgeView[]): string {
  const open = edges.filter((edge) => edge.open).length
  if (open > 0) return `${plural(open, 'edge')} without mTLS, dotted`
  return edges.every((edge) => edge.mtlsShare === null) ? 'no edge goes through a sidecar, so mTLS is unknown' : 'mTLS on every edge that the mesh saw'
}
