'use client'
import { useState } from 'react'
import { useTimeZone } from '#components/ui/LocalTime.tsx'

export interface ChartLine {
  name: string
  colour: string
  dash?: string
  /** One value a step; null where nothing was measured. */
  values: readonly (number | null)[]
}

const SIZE = { width: 300, height: 96, top: 6, bottom: 2 }

/** A readable series: its highest value, its ends in time, and the value under the pointer or the arrow keys. */
export function LineChart({ title, lines, times, format }: { title: string; lines: readonly ChartLine[]; times: readonly string[]; format: (value: number | null) => string }) {
  const [at, setAt] = useState<number | null>(null)
  const timeZone = useTimeZone()
  const steps = times.length
  const top = Math.max(0, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)))
  const x = (step: number) => (steps > 1 ? (step / (steps - 1)) * SIZE.width : 0)
  const y = (value: number) => SIZE.height - SIZE.bottom - (top > 0 ? (value / top) * (SIZE.height - SIZE.top - SIZE.bottom) : 0)
  const shown = at ?? steps - 1
  const says = lines.map((line) => `${lines.length > 1 ? `${line.name} ` : ''}${format(line.values[shown] ?? null)}`).join(', ')
  return (
    <figure className="m-0 min-w-0">
      <figcaption className="flex items-baseline justify-between gap-2 text-sm">
        <span className="text-muted">{title}</span>
        <span className="truncate tabular-nums">{steps === 0 ? '' : says}</span>
      </figcaption>
      <div
        role="slider"
        tabIndex={0}
        aria-label={`${title}, step by step`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, steps - 1)}
        aria-valuenow={Math.max(0, shown)}
        aria-valuetext={steps === 0 ? 'nothing' : `${clock(times[shown], timeZone)}: ${says}`}
        onKeyDown={(event) => {
          const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
          if (move === undefined) return
          event.preventDefault()
          setAt(Math.min(steps - 1, Math.max(0, shown + move)))
        }}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect()
          setAt(Math.min(steps - 1, Math.max(0, Math.round(((event.clientX - box.left) / box.width) * (steps - 1)))))
        }}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
        className="relative mt-1 rounded-sm"
      >
        <svg viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} preserveAspectRatio="none" width="100%" height={SIZE.height} className="block" aria-hidden>
          <line x1={0} x2={SIZE.width} y1={SIZE.height - 1} y2={SIZE.height - 1} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
          <line x1={0} x2={SIZE.width} y1={SIZE.top} y2={SIZE.top} stroke="var(--line)" strokeDasharray="2 4" vectorEffect="non-scaling-stroke" />
          {at !== null && <line x1={x(at)} x2={x(at)} y1={0} y2={SIZE.height} stroke="var(--line-strong)" vectorEffect="non-scaling-stroke" />}
          {lines.map((line) => <path key={line.name} d={pathOf(line.values, x, y)} fill="none" stroke={line.colour} strokeWidth={1.6} strokeDasharray={line.dash} strokeLinejoin="round" vectorEffect="non-scaling-stroke" />)}
        </svg>
        <span className="absolute top-0 left-0 bg-surface/80 pr-1 text-xs leading-none text-faint tabular-nums">{top > 0 ? format(top) : ''}</span>
      </div>
      <p className="m-0 flex justify-between text-xs text-faint tabular-nums"><span>{clock(times[0], timeZone)}</span><span>{at === null ? '' : clock(times[at], timeZone)}</span><span>{clock(times.at(-1), timeZone)}</span></p>
    </figure>
  )
}

/** Where nothing was measured the line stops rather than falling to zero. */
function pathOf(values: readonly (number | null)[], x: (step: number) => number, y: (value: number) => number): string {
  return values.map((value, step) => (value === null ? '' : `${step === 0 || values[step - 1] === null ? 'M' : 'L'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`)).join('')
}

function clock(iso: string | undefined, timeZone: string | undefined): string {
  return iso === undefined ? '' : new Date(iso).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone })
}
