'use client'
import { useTimeZone } from '#components/ui/LocalTime.tsx'
import { seriesOf } from './series.ts'
import { useWidth } from './use-width.ts'

export interface SharePoint {
  at: number
  /** Share of each version in percent; null where nothing was measured. */
  shares: readonly (number | null)[]
}

/** Epoch milliseconds. */
export interface ShownWindow {
  from: number
  to: number
}

interface ShareChartProps {
  label: string
  /** Null until the first figures: the chart stands, without times. */
  window: ShownWindow | null
  measured: readonly SharePoint[]
  /** Steps: each holds from its time on. */
  wanted: readonly { at: number; shares: readonly number[] }[]
  mark?: { at: number; label: string } | null
}

const BOX = { left: 52, right: 8, top: 10, bottom: 22, height: 170 }
const WIDTH_FIRST = 720
const NO_TIMES = { from: 0, to: 0 }

/** What was wanted (dashed) and what was measured, by version, over time. */
export function ShareChart({ label, window, measured, wanted, mark: marked }: ShareChartProps) {
  const [box, width] = useWidth<HTMLDivElement>(WIDTH_FIRST)
  const timeZone = useTimeZone()
  const { from, to } = window ?? NO_TIMES
  const mark = window && marked && marked.at >= from ? marked : null
  const x = (at: number) => BOX.left + ((Math.min(to, Math.max(from, at)) - from) / Math.max(1, to - from)) * (width - BOX.left - BOX.right)
  const y = (share: number) => BOX.top + (1 - share / 100) * (BOX.height - BOX.top - BOX.bottom)
  const versions = Math.max(0, ...wanted.map((step) => step.shares.length), ...measured.map((point) => point.shares.length))
  return (
    <div ref={box} className="min-w-0">
      <svg width={width} height={BOX.height} className="block max-w-full" role="img" aria-label={label}>
        {[0, 50, 100].map((share) => (
          <g key={share}>
            <line x1={BOX.left} x2={width - BOX.right} y1={y(share)} y2={y(share)} stroke="var(--line)" />
            <text x={BOX.left - 8} y={y(share) + 4} fill="var(--text-faint)" fontSize="12" textAnchor="end">{share} %</text>
          </g>
        ))}
        {Array.from({ length: versions }, (_, version) => (
          <g key={version} fill="none">
            <path d={stepPath(wanted.map((step) => [step.at, step.shares[version] ?? 0]), from, to, x, y)} stroke="var(--text-faint)" strokeWidth="1.4" strokeDasharray="4 4" />
            {runs(measured, version).map((run, index) => run.length === 1
              ? <circle key={index} cx={x(run[0]![0])} cy={y(run[0]![1])} r="2" fill={seriesOf(version).colour} />
              : <path key={index} d={`M${run.map(([at, share]) => `${x(at).toFixed(1)} ${y(share).toFixed(1)}`).join('L')}`} stroke={seriesOf(version).colour} strokeDasharray={seriesOf(version).dash} strokeWidth="2" strokeLinejoin="round" />)}
          </g>
        ))}
        {mark && (
          <g>
            <line x1={x(mark.at)} x2={x(mark.at)} y1={BOX.top} y2={BOX.height - BOX.bottom} stroke="var(--line-strong)" strokeDasharray="2 3" />
            <text x={x(mark.at) + (x(mark.at) > width * 0.7 ? -6 : 6)} y={BOX.height - 6} textAnchor={x(mark.at) > width * 0.7 ? 'end' : 'start'} fill="var(--text-faint)" fontSize="12">{mark.label}</text>
          </g>
        )}
        {window && !(mark && x(mark.at) < BOX.left + 60) && <text x={BOX.left} y={BOX.height - 6} fill="var(--text-faint)" fontSize="12">{time(from, timeZone)}</text>}
        {window && !(mark && x(mark.at) > width * 0.7) && <text x={width - BOX.right} y={BOX.height - 6} fill="var(--text-faint)" fontSize="12" textAnchor="end">{time(to, timeZone)}</text>}
      </svg>
    </div>
  )
}

function stepPath(steps: readonly (readonly [number, number])[], from: number, to: number, x: (at: number) => number, y: (share: number) => number): string {
  const inside = steps.filter(([at], index) => at <= to && (steps[index + 1]?.[0] ?? Infinity) >= from)
  const [first, ...rest] = inside
  if (!first) return ''
  const parts = [`M${x(Math.max(from, first[0]))} ${y(first[1])}`, ...rest.map(([at, share]) => `H${x(at)}V${y(share)}`), `H${x(to)}`]
  return parts.join('')
}

/** Where nothing was measured the line stops. */
function runs(points: readonly SharePoint[], version: number): [number, number][][] {
  const all: [number, number][][] = []
  let open: [number, number][] = []
  for (const point of points) {
    const share = point.shares[version]
    if (share === null || share === undefined) {
      if (open.length > 0) all.push(open)
      open = []
    } else open.push([point.at, share])
  }
  return open.length > 0 ? [...all, open] : all
}

function time(at: number, timeZone: string | undefined): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone })
}
