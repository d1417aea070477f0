'use client'
import { memo, useMemo, useRef, type PointerEvent } from 'react'
import { serviceColours } from './colours.ts'
import { printDuration, zoom, type TimeWindow } from './scale.ts'
import { visibleRows, type TraceTree } from './tree.ts'

const HEIGHT = 46

interface MinimapProps {
  tree: TraceTree
  window: TimeWindow
  onWindow: (window: TimeWindow) => void
}

/** The whole trace at a glance. Drag over it to look closer; the arrows move the window, plus and minus zoom, 0 shows all. */
export function Minimap({ tree, window, onWindow }: MinimapProps) {
  const box = useRef<HTMLDivElement>(null)
  const anchorMs = useRef<number | null>(null)
  const whole = { fromMs: 0, toMs: Math.max(tree.durationMs, 1e-6) }
  const share = (ms: number) => `${(ms / whole.toMs) * 100}%`
  const timeAt = (event: PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect() // mounted
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * whole.toMs
  }
  const drag = (event: PointerEvent) => {
    if (anchorMs.current === null) return
    const ends = [anchorMs.current, timeAt(event)].sort((a, b) => a - b) as [number, number] // two numbers
    if (ends[1] - ends[0] > whole.toMs / 200) onWindow({ fromMs: ends[0], toMs: ends[1] })
  }
  const width = window.toMs - window.fromMs
  const moves: Record<string, () => TimeWindow> = {
    ArrowLeft: () => shift(window, whole, -width / 5),
    ArrowRight: () => shift(window, whole, width / 5),
    '+': () => zoom(window, whole, 0.5),
    '=': () => zoom(window, whole, 0.5),
    '-': () => zoom(window, whole, 2),
    '0': () => whole,
  }
  return (
    <div
      ref={box} tabIndex={0} role="group" className="relative cursor-crosshair touch-none select-none border-b border-line bg-sunken" style={{ height: HEIGHT }}
      aria-label={`Shown: ${printDuration(window.fromMs)} to ${printDuration(window.toMs)} of ${printDuration(whole.toMs)}. Plus and minus zoom, arrows move, 0 shows all.`}
      onPointerDown={(event) => { anchorMs.current = timeAt(event); event.currentTarget.setPointerCapture(event.pointerId) }}
      onPointerMove={drag}
      onPointerUp={() => { anchorMs.current = null }}
      onDoubleClick={() => onWindow(whole)}
      onKeyDown={(event) => { const move = moves[event.key]; if (move) { event.preventDefault(); onWindow(move()) } }}
    >
      <Bars tree={tree} />
      {width < whole.toMs && (
        <>
          <div className="absolute inset-y-0 left-0 bg-ground/70" style={{ width: share(window.fromMs) }} />
          <div className="absolute inset-y-0 right-0 bg-ground/70" style={{ left: share(window.toMs) }} />
          <div className="absolute inset-y-0 border-x-2 border-accent" style={{ left: share(window.fromMs), width: share(width) }} />
        </>
      )}
    </div>
  )
}

function shift(window: TimeWindow, whole: TimeWindow, byMs: number): TimeWindow {
  const width = window.toMs - window.fromMs
  const fromMs = Math.min(Math.max(whole.fromMs, window.fromMs + byMs), whole.toMs - width)
  return { fromMs, toMs: fromMs + width }
}

/** One path a service, whatever the number of spans. */
const Bars = memo(function Bars({ tree }: { tree: TraceTree }) {
  const paths = useMemo(() => {
    const rows = visibleRows(tree, new Set())
    const colours = serviceColours(tree.spans)
    const pitch = Math.min(4, (HEIGHT - 8) / rows.length)
    const byColour = new Map<string, string[]>()
    rows.forEach((row, at) => {
      const span = tree.spans[row.index]!
      const colour = span.status === 'error' ? 'var(--bad)' : colours.get(span.service)! // every service has one
      const x = (span.offsetMs / Math.max(tree.durationMs, 1e-6)) * 1000
      const line = `M${x.toFixed(1)} ${(4 + at * pitch).toFixed(2)}h${Math.max(1, (span.durationMs / Math.max(tree.durationMs, 1e-6)) * 1000).toFixed(1)}`
      const lines = byColour.get(colour)
      if (lines) lines.push(line)
      else byColour.set(colour, [line])
    })
    return { width: Math.max(1, Math.min(3, pitch * 0.8)), list: [...byColour].map(([colour, lines]) => ({ colour, d: lines.join('') })) }
  }, [tree])
  return (
    <svg viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" className="pointer-events-none absolute inset-0 size-full" aria-hidden="true">
      {paths.list.map((path) => <path key={path.colour} d={path.d} stroke={path.colour} strokeWidth={paths.width} fill="none" />)}
    </svg>
  )
})
