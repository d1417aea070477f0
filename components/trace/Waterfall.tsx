'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useMemo, useRef, type KeyboardEvent } from 'react'
import { placeIn, printDuration, ticksOf, type TimeWindow } from './scale.ts'
import type { CriticalSegment } from './critical-path.ts'
import type { TraceTree, WaterfallRow } from './tree.ts'

const ROW_PX = 28
/** What the deepest row may be moved in; names stay readable. */
const INDENT_PX_MAX = 150

export interface WaterfallProps {
  tree: TraceTree
  rows: readonly WaterfallRow[]
  window: TimeWindow
  colours: ReadonlyMap<string, string>
  critical: ReadonlyMap<number, readonly CriticalSegment[]>
  /** Spans found by the search; null while nothing is sought. */
  found: ReadonlySet<number> | null
  selected: number | null
  onSelect: (index: number) => void
  onToggle: (index: number) => void
}

/** The spans over time. A tree of rows for the keyboard: up and down go through it, left closes or goes to the parent, right opens. */
export function Waterfall(props: WaterfallProps) {
  const { tree, rows, window, selected } = props
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 6 })
  const indentPx = useMemo(() => Math.min(14, INDENT_PX_MAX / Math.max(1, rows.reduce((deepest, row) => Math.max(deepest, row.depth), 0))), [rows])
  const at = useMemo(() => rows.findIndex((row) => row.index === selected), [rows, selected])
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a new selection scrolls
  }, [at])

  const go = (index: number) => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, index))]
    if (row) props.onSelect(row.index)
  }
  const keys = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const row = rows[at]
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 1)
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(at + 1), j: () => go(at + 1),
      ArrowUp: () => go(at - 1), k: () => go(at - 1),
      PageDown: () => go(at + page), PageUp: () => go(at - page),
      Home: () => go(0), End: () => go(rows.length - 1),
      ArrowLeft: () => row && (row.children > 0 && !row.collapsed ? props.onToggle(row.index) : goTo(tree.parentOf[row.index] ?? null, props)),
      ArrowRight: () => row && (row.collapsed ? props.onToggle(row.index) : goTo(tree.childrenOf[row.index]?.[0] ?? null, props)),
      ' ': () => row && row.children > 0 && props.onToggle(row.index),
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    move()
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Axis window={window} />
      <div
        ref={scroller} role="treegrid" tabIndex={0} aria-label={`${rows.length} spans`} aria-rowcount={rows.length} onKeyDown={keys}
        aria-activedescendant={at >= 0 ? `span-${selected}` : undefined}
        className="min-h-[180px] flex-1 overflow-y-auto overflow-x-hidden outline-offset-[-2px]"
      >
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            return row && <SpanRow key={row.index} row={row} at={item.index} top={item.start} indentPx={indentPx} {...props} />
          })}
        </div>
      </div>
    </div>
  )
}

function goTo(index: number | null, { onSelect }: WaterfallProps): void {
  if (index !== null) onSelect(index)
}

const COLUMNS = 'grid grid-cols-[minmax(120px,46%)_minmax(0,1fr)_64px] [--indent-most:18%] md:[--indent-most:45%] md:grid-cols-[minmax(180px,36%)_minmax(0,1fr)_76px]'

function Axis({ window }: { window: TimeWindow }) {
  const ticks = ticksOf(window, 4)
  return (
    <div className={`${COLUMNS} items-center border-b border-line px-3 py-1.5 text-xs text-muted`} aria-hidden="true">
      <span>Service, operation</span>
      <span className="relative block h-4">
        {ticks.map((tick, index) => {
          const place = placeIn(window, tick, 0)
          return place && <span key={tick} className={`absolute whitespace-nowrap tabular-nums ${index % 2 === 1 ? 'max-md:hidden' : ''} ${place.left > 0.88 ? '-translate-x-full' : ''}`} style={{ left: `${place.left * 100}%` }}>{printDuration(tick)}</span>
        })}
      </span>
      <span className="text-right">Took</span>
    </div>
  )
}

/** Drawn once while rows scroll by: nothing that it is given changes then. */
const SpanRow = memo(function SpanRow({ tree, row, at, top, window, colours, critical, found, selected, onSelect, onToggle, indentPx }: WaterfallProps & { row: WaterfallRow; at: number; top: number; indentPx: number }) {
  const span = tree.spans[row.index]
  if (!span) return null
  const isSelected = row.index === selected
  const place = placeIn(window, span.offsetMs, span.durationMs)
  const failed = span.status === 'error'
  const dimmed = found !== null && !found.has(row.index)
  return (
    <div
      id={`span-${row.index}`} role="row" aria-level={row.depth + 1} aria-rowindex={at + 1} aria-selected={isSelected} aria-posinset={row.position} aria-setsize={row.siblings}
      aria-expanded={row.children > 0 ? !row.collapsed : undefined} onClick={() => onSelect(row.index)}
      className={`${COLUMNS} absolute inset-x-0 cursor-default items-center px-3 text-sm [contain:strict] ${isSelected ? 'bg-accent-soft' : 'hover:bg-sunken'} ${dimmed ? 'text-faint' : ''}`} style={{ top, height: ROW_PX }}
    >
      <span role="gridcell" className="flex min-w-0 items-center gap-1.5 overflow-hidden pr-2" style={{ paddingLeft: `min(${row.depth * indentPx}px, var(--indent-most))` }}>
        <span className="grid size-4 shrink-0 place-items-center" onClick={(event) => { if (row.children > 0) { event.stopPropagation(); onToggle(row.index) } }}>
          {row.children > 0
            ? <svg viewBox="0 0 16 16" className={`size-3 text-faint transition-transform ${row.collapsed ? '' : 'rotate-90'}`} aria-hidden="true"><path d="M6 4l4 4-4 4" fill="none" stroke="currentColor" strokeWidth="1.6" /></svg>
            : null}
        </span>
        <i className={`size-2.5 shrink-0 rounded-[3px] ${dimmed ? 'opacity-35' : ''}`} style={{ background: colours.get(span.service) }} aria-hidden="true" />
        <span className="shrink-0 truncate font-medium" style={{ maxWidth: '55%' }}>{span.service}</span>
        <span className={`truncate ${dimmed ? '' : 'text-muted'}`}>{span.name}</span>
        {failed && <svg viewBox="0 0 10 10" className="size-2.5 shrink-0 text-bad" role="img" aria-label="failed"><path d="M5 .8 9.6 9H.4z" fill="currentColor" /></svg>}
        {row.collapsed && <span className="shrink-0 rounded-full bg-sunken px-1.5 text-xs tabular-nums text-muted">+{countBelow(tree, row.index)}</span>}
      </span>
      <span role="gridcell" className="relative block h-full overflow-hidden" aria-label={`from ${printDuration(span.offsetMs)}`}>
        {place && (
          <i className={`absolute top-[9px] h-[10px] min-w-[2px] rounded-[3px] ${dimmed ? 'opacity-35' : ''}`} style={{ left: `${place.left * 100}%`, width: `${place.width * 100}%`, background: failed ? 'var(--bad)' : colours.get(span.service) }} />
        )}
        {span.events.map((event, index) => {
          const point = placeIn(window, event.offsetMs, 0)
          return index < 50 && point && <i key={index} className="absolute top-[6px] h-4 w-px bg-text" style={{ left: `${point.left * 100}%` }} />
        })}
        {critical.get(row.index)?.map((segment) => {
          const part = placeIn(window, segment.fromMs, segment.toMs - segment.fromMs)
          return part && <i key={segment.fromMs} className="absolute top-[21px] h-[2px] min-w-px bg-text" style={{ left: `${part.left * 100}%`, width: `${part.width * 100}%` }} />
        })}
      </span>
      <span role="gridcell" className={`text-right tabular-nums ${dimmed ? '' : 'text-muted'}`}>{printDuration(span.durationMs)}</span>
    </div>
  )
})

/** Spans below a collapsed one; drawn rows are few, so this is counted when asked. */
function countBelow(tree: TraceTree, index: number): number {
  let count = 0
  const stack = [...(tree.childrenOf[index] ?? [])]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    count += 1
    stack.push(...(tree.childrenOf[next] ?? []))
  }
  return count
}
