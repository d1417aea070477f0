import { strandsOf } from './split.ts'
import { seriesOf } from './series.ts'

const STRANDS = 24
const HEIGHT = 112
const WIDTH = 700

/** A split as the strands of one bundle that part: one strand is about four calls in a hundred. The figures stand beside it. */
export function Loom({ shares, labels, height = HEIGHT }: { shares: readonly number[]; labels: readonly string[]; height?: number }) {
  const counts = strandsOf(shares, STRANDS)
  const groups = layGroups(counts)
  const named = groups.filter((group) => group.ys.length > 0)
  const showsNames = named.length <= 5
  return (
    <div className="relative" style={{ height }} aria-hidden="true">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={`absolute inset-y-0 left-0 h-full ${showsNames ? 'w-[calc(100%-112px)]' : 'w-full'}`}>
        {groups.flatMap((group) =>
          group.ys.map(({ strand, y }) => (
            <path key={strand} d={strandPath(strand, y)} fill="none" vectorEffect="non-scaling-stroke" strokeWidth={1.9} stroke={seriesOf(group.index).colour} strokeDasharray={seriesOf(group.index).dash} opacity={0.6 + 0.08 * ((strand * 7) % 5)} style={{ transition: 'd 160ms var(--ease-out), stroke 160ms', d: `path("${strandPath(strand, y)}")` }} />
          )),
        )}
      </svg>
      {showsNames && named.map((group) => (
        <span key={group.index} className="absolute right-0 flex w-[104px] -translate-y-1/2 items-baseline gap-1.5 truncate text-sm transition-[top] duration-150" style={{ top: `${(group.centre / HEIGHT) * 100}%` }}>
          <span className="truncate font-medium">{labels[group.index]}</span>
          <span className="tabular-nums text-muted">{shares[group.index]} %</span>
        </span>
      ))}
    </div>
  )
}

/** The same picture for a row of a table. */
export function LoomStrip({ shares, label }: { shares: readonly number[]; label: string }) {
  const groups = layGroups(strandsOf(shares, 12), 26, 1.6)
  return (
    <svg viewBox="0 0 120 28" width={120} height={28} role="img" aria-label={label} className="shrink-0">
      {groups.flatMap((group) => group.ys.map(({ strand, y }) => <path key={strand} d={`M0 ${14 + (strand - 5.5)}C42 ${14 + (strand - 5.5)} 54 ${y + 1} 88 ${y + 1}L120 ${y + 1}`} fill="none" strokeWidth={1.2} stroke={seriesOf(group.index).colour} strokeDasharray={seriesOf(group.index).dash && '5 2'} />))}
    </svg>
  )
}

function strandPath(strand: number, y: number): string {
  const start = HEIGHT / 2 + (strand - (STRANDS - 1) / 2) * 1.8
  return `M0 ${start}C220 ${start} 300 ${y} 520 ${y}L${WIDTH} ${y}`
}

/** Strands keep their order from the bundle; groups part as widely as the height allows. */
function layGroups(counts: readonly number[], height = HEIGHT - 8, pitch = 3.2): { index: number; centre: number; ys: { strand: number; y: number }[] }[] {
  const filled = counts.filter((count) => count > 0).length
  const strands = counts.reduce((sum, count) => sum + count, 0)
  const gap = filled > 1 ? (height - (strands - filled) * pitch) / (filled - 1) : 0
  let y = filled > 1 ? (height === HEIGHT - 8 ? 4 : 0) : (height + 8 - (strands - 1) * pitch) / 2
  let strand = 0
  return counts.map((count, index) => {
    const ys = Array.from({ length: count }, (_, at) => ({ strand: strand + at, y: y + at * pitch }))
    strand += count
    const centre = y + ((count - 1) * pitch) / 2
    if (count > 0) y += (count - 1) * pitch + gap
    return { index, centre, ys }
  })
}
