'use client'
import { useWidth } from '#components/mesh/use-width.ts'

export interface Bar {
  /** Its ends; each bar begins where the one before ended. */
  from: number
  to: number
  count: number
  /** Of them, drawn in the colour of failure. */
  failed: number
}

const HEIGHT = { bars: 72, axis: 18, mark: 16 }

/** How many there are of each size, sizes growing by a factor from bar to bar; `mark` is one of them, by its size. */
export function Histogram({ bars, format, label, mark }: { bars: readonly Bar[]; format: (value: number) => string; label: string; mark?: { value: number; label: string } }) {
  const [box, width] = useWidth<HTMLDivElement>(320)
  const [first, last] = [bars[0], bars.at(-1)]
  if (!first || !last) return null
  const top = Math.max(...bars.map((bar) => bar.count), 1)
  const step = width / bars.length
  const height = (count: number) => (count === 0 ? 0 : Math.max(1.5, (count / top) * HEIGHT.bars))
  const base = (mark ? HEIGHT.mark : 0) + HEIGHT.bars
  const x = (value: number) => {
    const at = bars.findIndex((bar) => value <= bar.to)
    const bar = bars[at < 0 ? bars.length - 1 : at]!
    return ((at < 0 ? bars.length - 1 : at) + Math.min(1, Math.max(0, Math.log(Math.max(value, bar.from) / bar.from) / Math.log(bar.to / bar.from)))) * step
  }
  const markX = mark && Math.min(width - 1, Math.max(1, x(mark.value)))
  return (
    <div ref={box} className="min-w-0">
      <svg width={width} height={base + HEIGHT.axis} className="block max-w-full" role="img" aria-label={label}>
        <line x1={0} x2={width} y1={base} y2={base} stroke="var(--line)" />
        {bars.map((bar, index) => bar.count > 0 && (
          <g key={bar.from}>
            <title>{`${format(bar.from)} to ${format(bar.to)}: ${bar.count}${bar.failed > 0 ? `, ${bar.failed} failed` : ''}`}</title>
            <rect x={index * step + 0.5} width={Math.max(1, step - 1)} y={base - height(bar.count)} height={height(bar.count)} fill="var(--series-1)" opacity={0.55} />
            <rect x={index * step + 0.5} width={Math.max(1, step - 1)} y={base - height(bar.failed)} height={height(bar.failed)} fill="var(--bad)" />
          </g>
        ))}
        {mark && markX !== undefined && (
          <>
            <line x1={markX} x2={markX} y1={HEIGHT.mark - 2} y2={base} stroke="var(--text)" strokeWidth={1.5} />
            <text x={markX} y={11} fontSize="12" fill="var(--text)" textAnchor={markX < 60 ? 'start' : markX > width - 60 ? 'end' : 'middle'}>{mark.label}</text>
          </>
        )}
        <text x={0} y={base + 14} fontSize="12" fill="var(--text-faint)">{format(first.from)}</text>
        <text x={width} y={base + 14} fontSize="12" fill="var(--text-faint)" textAnchor="end">{format(last.to)}</text>
      </svg>
    </div>
  )
}
