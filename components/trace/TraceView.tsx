'use client'
import { parseAsBoolean, parseAsString, useQueryStates } from 'nuqs'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Button } from '#components/ui/Button.tsx'
import { plural } from '#components/ui/format.ts'
import { Kbd } from '#components/ui/Kbd.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { serviceColours } from './colours.ts'
import type { ShownTrace } from './columns.ts'
import { criticalPath, type CriticalSegment } from './critical-path.ts'
import { layOut } from './laid-out.ts'
import { Minimap } from './Minimap.tsx'
import { spanMatches } from './search.ts'
import type { TimeWindow } from './scale.ts'
import { SelectedSpan } from './SelectedSpan.tsx'
import { ancestorsOf, buildTree, collapsedBelow, visibleRows } from './tree.ts'
import { Waterfall } from './Waterfall.tsx'

const FOLD_AT = 2000

/** A trace: waterfall at the left, the selected span at the right; which span, the search and the critical path stay in the URL. */
export function TraceView({ trace: whole }: { trace: ShownTrace }) {
  const [view, setView] = useQueryStates({ span: parseAsString, q: parseAsString.withDefault(''), critical: parseAsBoolean.withDefault(false), hops: parseAsBoolean.withDefault(false) }, { history: 'replace' })
  const laid = layOut(whole)
  const folded = laid.spans
  const hops = whole.spans.length - folded.length
  // A link to a proxy's span shows the proxies.
  const withHops = view.hops || (view.span !== null && !folded.some((span) => span.spanId === view.span))
  const trace = useMemo(() => (withHops ? whole : { ...whole, spans: [...folded] }), [whole, folded, withHops])
  const tree = useMemo(() => (withHops ? buildTree(trace.spans, trace.durationMs) : laid.tree), [withHops, trace, laid])
  const colours = useMemo(() => serviceColours(trace.spans), [trace])
  const segments = useMemo(() => (withHops ? criticalPath(tree) : laid.segments), [withHops, tree, laid])
  const critical = useMemo(() => bySpan(segments), [segments])
  // A very large trace opens at its first levels; everything is one key away.
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(() => (trace.spans.length > FOLD_AT ? collapsedBelow(tree, 2) : new Set()))
  const [window, setWindow] = useState<TimeWindow>({ fromMs: 0, toMs: Math.max(tree.durationMs, 1e-6) })
  const search = useRef<HTMLInputElement>(null)

  const found = useMemo(() => (view.q.trim() === '' ? null : new Set(trace.spans.flatMap((span, index) => (spanMatches(span, view.q) ? [index] : [])))), [trace, view.q])
  const rows = useMemo(() => {
    const all = visibleRows(tree, collapsed)
    return view.critical ? all.filter((row) => critical.has(row.index)) : all
  }, [tree, collapsed, view.critical, critical])
  const selected = useMemo(() => indexOfSpan(trace, view.span) ?? rows[0]?.index ?? null, [trace, view.span, rows])

  const select = (index: number) => {
    const hidden = ancestorsOf(tree, index).filter((ancestor) => collapsed.has(ancestor))
    if (hidden.length > 0) setCollapsed(new Set([...collapsed].filter((each) => !hidden.includes(each))))
    void setView({ span: trace.spans[index]?.spanId ?? null })
  }
  const toggle = (index: number) => setCollapsed(collapsed.has(index) ? new Set([...collapsed].filter((each) => each !== index)) : new Set([...collapsed, index]))
  const findNext = (by: 1 | -1) => {
    if (!found || found.size === 0) return
    const order = visibleRows(tree, new Set()).map((row) => row.index).filter((index) => found.has(index))
    const at = order.indexOf(selected ?? -1)
    select(order[(at + by + order.length) % order.length]!) // not empty
  }

  // Keys of the whole page, unless somebody is typing or has begun `g c` (the console's own way to Changes).
  const goPressedAt = useRef(0)
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const going = performance.now() - goPressedAt.current < 1200
      goPressedAt.current = event.key === 'g' ? performance.now() : 0
      if (going || event.metaKey || event.ctrlKey || event.altKey || (event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]'))) return
      const act: Record<string, () => void> = { c: () => void setView({ critical: !view.critical || null }), n: () => findNext(1), N: () => findNext(-1) }
      const run = act[event.key]
      if (run) { event.preventDefault(); run() }
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  })

  const span = selected === null ? undefined : trace.spans[selected]
  const criticalMs = (selected === null ? [] : (critical.get(selected) ?? [])).reduce((sum, segment) => sum + segment.toMs - segment.fromMs, 0)
  return (
    <div className="grid gap-3">
      {trace.truncated && <Notice state="warn">This trace is longer than what is shown: these are its first {plural(trace.spans.length, 'span')}. {trace.brief ? 'The download has the first 5,000.' : 'The download has the same part.'}</Notice>}
      <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]">
        <section aria-label="Waterfall" className="flex h-[max(420px,calc(100dvh-250px))] min-w-0 flex-col overflow-hidden rounded-lg border border-line bg-surface">
          <Minimap tree={tree} window={window} onWindow={setWindow} />
          <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
            <input ref={search} data-find type="search" aria-label="Search in this trace" placeholder={trace.brief ? 'Search services and names' : 'Search in this trace'} value={view.q} onChange={(event) => void setView({ q: event.target.value || null })}
              onKeyDown={(event) => { if (event.key === 'Enter') findNext(event.shiftKey ? -1 : 1) }}
              className="h-[28px] min-w-0 flex-1 max-md:basis-full rounded-md border border-line-strong bg-surface px-2.5 text-base placeholder:text-faint md:max-w-72" />
            {found && <span role="status" className="text-sm tabular-nums text-muted">{found.size === 0 ? 'no span says this' : plural(found.size, 'span')}</span>}
            {found && found.size > 0 && <Button small look="quiet" onPress={() => findNext(1)}>Next</Button>}
            <span className="grow" />
            {hops > 0 && <Button small look={withHops ? 'primary' : 'quiet'} aria-pressed={withHops} onPress={() => { setCollapsed(new Set()); void setView({ hops: withHops ? null : true, span: withHops ? null : view.span }) }}>{withHops ? 'With sidecars' : `${plural(hops, 'sidecar span')} folded`}</Button>}
            <Button small look="quiet" onPress={() => setCollapsed(collapsed.size > 0 ? new Set() : collapsedBelow(tree, 1))}>{collapsed.size > 0 ? 'Open all' : 'Fold all'}</Button>
            <Button small look={view.critical ? 'primary' : 'quiet'} aria-pressed={view.critical} onPress={() => void setView({ critical: !view.critical || null })}>Critical path</Button>
          </div>
          {rows.length === 0 ? <p className="m-0 p-4 text-muted">This trace has no span yet.</p> : (
            <Waterfall tree={tree} rows={rows} window={window} colours={colours} critical={critical} found={found} selected={selected} onSelect={select} onToggle={toggle} />
          )}
          <footer className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line px-3 py-2 text-xs text-muted max-md:hidden">
            <span>underlined: critical path</span>
            <span><Kbd>j</Kbd> <Kbd>k</Kbd> next, previous</span>
            <span><Kbd>←</Kbd> <Kbd>→</Kbd> fold, open</span>
            <span><Kbd>/</Kbd> search, <Kbd>n</Kbd> next found</span>
            <span><Kbd>c</Kbd> only the critical path</span>
          </footer>
        </section>
        <div className="min-w-0 overflow-y-auto rounded-lg border border-line bg-surface lg:max-h-[max(420px,calc(100dvh-250px))]" tabIndex={0} role="region" aria-label="Span details">
          {span && selected !== null ? <SelectedSpan key={selected} traceId={trace.traceId} brief={trace.brief} span={span} criticalMs={criticalMs} isOrphan={tree.orphans.has(selected)} /> : <p className="m-0 p-4 text-muted">Select a span to see what it says.</p>}
        </div>
      </div>
    </div>
  )
}

function bySpan(segments: readonly CriticalSegment[]): Map<number, CriticalSegment[]> {
  const map = new Map<number, CriticalSegment[]>()
  for (const segment of segments) {
    const known = map.get(segment.index)
    if (known) known.push(segment)
    else map.set(segment.index, [segment])
  }
  return map
}

function indexOfSpan(trace: ShownTrace, spanId: string | null): number | null {
  const index = spanId === null ? -1 : trace.spans.findIndex((span) => span.spanId === spanId)
  return index < 0 ? null : index
}
