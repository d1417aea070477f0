/** A small unlabelled series: the shape of a figure that stands beside it. Its label says that figure for screen readers. */
export function Sparkline({ values, label, colour = 'var(--series-1)', height = 40, area = true }: { values: readonly (number | null)[]; label: string; colour?: string; height?: number; area?: boolean }) {
  const top = Math.max(...values.map((value) => value ?? 0)) * 1.1
  const step = 260 / Math.max(1, values.length - 1)
  const runs = splitRuns(values).map((run) => run.map(([at, value]) => `${(at * step).toFixed(1)} ${(top > 0 ? 40 - (value / top) * 36 : 40).toFixed(1)}`))
  return (
    <svg role="img" aria-label={label} viewBox="0 0 260 42" preserveAspectRatio="none" width="100%" height={height} className="block">
      {values.length > 1 && runs.map((points, index) => (
        <g key={index}>
          {area && <path d={`M${points[0]?.split(' ')[0]} 42L${points.join('L')}L${points.at(-1)?.split(' ')[0]} 42z`} fill={colour} opacity={0.1} />}
          <path d={`M${points.join('L')}`} fill="none" stroke={colour} strokeWidth={1.5} strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
        </g>
      ))}
    </svg>
  )
}

/** Where nothing was measured the line stops rather than falling to zero. */
function splitRuns(values: readonly (number | null)[]): [number, number][][] {
  const runs: [number, number][][] = []
  let run: [number, number][] = []
  values.forEach((value, index) => {
    if (value !== null) run.push([index, value])
    else if (run.length > 0) {
      runs.push(run)
      run = []
    }
  })
  if (run.length > 0) runs.push(run)
  return runs
}
