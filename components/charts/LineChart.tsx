'use client'
import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'
import { useTimeZone } from '#components/ui/LocalTime.tsx'

export interface ChartLine {
  name: string
  colour: string
  dash?: string
  /** One value a step; null where nothing was measured. */
  values: readonly (number | null)[]
  /** The same of an earlier window, step by step: drawn faintly behind. */
  before?: readonly (number | null)[]
}

interface LineChartProps {
  title: string
  lines: readonly ChartLine[]
  /** When each step begins. */
  times: readonly string[]
  format: (value: number | null) => string
  /** A sentence below the title: the figure of the window, and how it differs. */
  note?: ReactNode
  /** Told the steps that were drawn over: the start of the first, and of the one after the last. */
  onWindow?: (from: string, to: string) => void
  height?: number
}

const WIDTH = 300
const EDGE = { top: 6, bottom: 2 }

/** A readable series: its highest value, its ends in time, the value under the pointer or the arrow keys, and a stretch of time to look closer at. */
export function LineChart({ title, lines, times, format, note, onWindow, height = 96 }: LineChartProps) {
  const [at, setAt] = useState<number | null>(null)
  /** Where a stretch began: by pressing the pointer, or the first Shift and arrow. */
  const [anchor, setAnchor] = useState<number | null>(null)
  const dragging = useRef(false)
  const timeZone = useTimeZone()
  const steps = times.length
  const top = Math.max(0, ...lines.flatMap((line) => [...line.values, ...(line.before ?? [])].map((value) => value ?? 0)))
  const x = (step: number) => (steps > 1 ? (step / (steps - 1)) * WIDTH : 0)
  const y = (value: number) => height - EDGE.bottom - (top > 0 ? (value / top) * (height - EDGE.top - EDGE.bottom) : 0)
  const shown = at ?? steps - 1
  const says = lines.map((line) => `${lines.length > 1 ? `${line.name} ` : ''}${format(line.values[shown] ?? null)}`).join(', ')
  const stretch = anchor === null || at === null || anchor === at ? null : ([Math.min(anchor, at), Math.max(anchor, at)] as const)
  const stepAt = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.min(steps - 1, Math.max(0, Math.round(((event.clientX - box.left) / box.width) * (steps - 1))))
  }
  const zoom = () => {
    if (stretch) onWindow?.(times[stretch[0]]!, stretch[1] + 1 < steps ? times[stretch[1] + 1]! : endOf(times)) // steps of the chart
    setAnchor(null)
  }
  const keys = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (move !== undefined) {
      if (event.shiftKey && onWindow) setAnchor(anchor ?? shown)
      else setAnchor(null)
      setAt(Math.min(steps - 1, Math.max(0, shown + move)))
    } else if (event.key === 'Enter' && stretch) zoom()
    else if (event.key === 'Escape' && anchor !== null) setAnchor(null)
    else return
    event.preventDefault()
  }
  return (
    <figure className="m-0 min-w-0">
      <figcaption className="flex items-baseline justify-between gap-2 text-sm">
        <span className="flex-none text-muted">{title}</span>
        <span className="truncate tabular-nums">{steps === 0 ? '' : says}</span>
      </figcaption>
      {note && <p className="m-0 text-sm text-muted">{note}</p>}
      <div
        role="slider"
        tabIndex={0}
        aria-label={`${title}, step by step${onWindow ? '; Shift and an arrow choose a stretch, Enter shows it alone' : ''}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, steps - 1)}
        aria-valuenow={Math.max(0, shown)}
        aria-valuetext={steps === 0 ? 'nothing' : stretch ? `${clock(times[stretch[0]], timeZone)} to ${clock(times[stretch[1]], timeZone)} chosen` : `${clock(times[shown], timeZone)}: ${says}`}
        onKeyDown={keys}
        onPointerDown={(event) => {
          if (!onWindow || event.button !== 0 || event.pointerType === 'touch') return
          dragging.current = true
          event.currentTarget.setPointerCapture(event.pointerId)
          setAnchor(stepAt(event))
          setAt(stepAt(event))
        }}
        onPointerMove={(event) => setAt(stepAt(event))}
        onPointerUp={() => {
          dragging.current = false
          zoom()
        }}
        onPointerLeave={() => !dragging.current && anchor === null && setAt(null)}
        onBlur={() => {
          setAt(null)
          setAnchor(null)
        }}
        className={`relative mt-1 rounded-sm select-none ${onWindow ? 'cursor-crosshair' : ''}`}
      >
        <svg viewBox={`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" width="100%" height={height} className="block" aria-hidden>
          <line x1={0} x2={WIDTH} y1={height - 1} y2={height - 1} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
          <line x1={0} x2={WIDTH} y1={EDGE.top} y2={EDGE.top} stroke="var(--line)" strokeDasharray="2 4" vectorEffect="non-scaling-stroke" />
          {stretch && <rect x={x(stretch[0])} width={x(stretch[1]) - x(stretch[0])} y={0} height={height} fill="var(--accent-soft)" />}
          {at !== null && <line x1={x(at)} x2={x(at)} y1={0} y2={height} stroke="var(--line-strong)" vectorEffect="non-scaling-stroke" />}
          {lines.map((line) => line.before && <path key={line.name} data-before d={pathOf(line.before, x, y)} fill="none" stroke={line.colour} strokeWidth={1.2} opacity={0.35} strokeLinejoin="round" vectorEffect="non-scaling-stroke" />)}
          {lines.map((line) => <path key={line.name} d={pathOf(line.values, x, y)} fill="none" stroke={line.colour} strokeWidth={1.6} strokeDasharray={line.dash} strokeLinecap="round" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />)}
        </svg>
        <span className="pointer-events-none absolute top-0 left-0 bg-surface/80 pr-1 text-xs leading-none text-faint tabular-nums">{top > 0 ? format(top) : ''}</span>
      </div>
      <p className="m-0 flex justify-between text-xs text-faint tabular-nums"><span>{clock(times[0], timeZone)}</span><span>{at === null ? '' : stretch ? `${clock(times[stretch[0]], timeZone)} to ${clock(times[stretch[1]], timeZone)}` : clock(times[at], timeZone)}</span><span>{clock(times.at(-1), timeZone)}</span></p>
    </figure>
  )
}

/** Where nothing was measured the line stops rather than falling to zero; a step alone is a dot, by the line's round end. */
function pathOf(values: readonly (number | null)[], x: (step: number) => number, y: (value: number) => number): string {
  return values.map((value, step) => {
    if (value === null) return ''
    const begins = step === 0 || values[step - 1] === null
    const alone = begins && (values[step + 1] ?? null) === null
    return `${begins ? 'M' : 'L'}${x(step).toFixed(1)} ${y(value).toFixed(1)}${alone ? 'h0' : ''}`
  }).join('')
}

/** When the last step ends, all being equally long. */
function endOf(times: readonly string[]): string {
  const [last, previous] = [Date.parse(times.at(-1) ?? ''), Date.parse(times.at(-2) ?? '')]
  return new Date(last + (last - previous)).toISOString()
}

function clock(iso: string | undefined, timeZone: string | undefined): string {
  return iso === undefined ? '' : new Date(iso).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone })
}
