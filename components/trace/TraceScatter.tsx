'use client'
import { useRouter } from 'next/navigation'
import type { TraceSummary } from '#server/contracts/telemetry.ts'
import { useWidth } from '#components/mesh/use-width.ts'
import { useTimeZone } from '#components/ui/LocalTime.tsx'
import { paths } from '#components/paths.ts'
import { printDuration, ticksOf } from './scale.ts'

const BOX = { height: 128, left: 60, right: 10, top: 10, bottom: 20 }

/** When traces began and how long they took, on a logarithmic scale; failed ones are triangles. The table below says the same. */
export function TraceScatter({ traces }: { traces: readonly TraceSummary[] }) {
  const router = useRouter()
  const timeZone = useTimeZone()
  const [box, width] = useWidth<HTMLDivElement>(1000)
  const times = traces.map((trace) => Date.parse(trace.startedAt))
  const [from, to] = [Math.min(...times), Math.max(...times)]
  const longest = Math.max(...traces.map((trace) => trace.durationMs), 1)
  const shortest = Math.max(0.01, Math.min(...traces.map((trace) => trace.durationMs)))
  const [low, high] = [Math.floor(Math.log10(shortest)), Math.max(Math.ceil(Math.log10(longest)), Math.floor(Math.log10(shortest)) + 1)]
  const x = (at: number) => BOX.left + (to === from ? 0.5 : (at - from) / (to - from)) * (width - BOX.left - BOX.right)
  const y = (ms: number) => BOX.top + (1 - (Math.log10(Math.max(ms, 10 ** low)) - low) / (high - low)) * (BOX.height - BOX.top - BOX.bottom)
  const powers = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)).filter((_, index, all) => all.length <= 5 || index % 2 === 0)
  return (
    <div ref={box} className="min-w-0">
      <svg width={width} height={BOX.height} className="block max-w-full" role="img" aria-label={`${traces.length} traces, from ${printDuration(shortest)} to ${printDuration(longest)}; ${traces.filter((trace) => trace.errors > 0).length} with errors`}>
        {powers.map((ms) => (
          <g key={ms}>
            <line x1={BOX.left} x2={width - BOX.right} y1={y(ms)} y2={y(ms)} stroke="var(--line)" />
            <text x={BOX.left - 8} y={y(ms) + 4} textAnchor="end" fontSize="12" fill="var(--text-faint)">{printDuration(ms)}</text>
          </g>
        ))}
        {(to - from > 0 ? ticksOf({ fromMs: 0, toMs: to - from }, width > 600 ? 4 : 2) : []).slice(0, -1).map((offset) => (
          <text key={offset} x={x(from + offset)} y={BOX.height - 4} fontSize="12" fill="var(--text-faint)">{new Date(from + offset).toLocaleTimeString('en-GB', { timeZone })}</text>
        ))}
        {traces.map((trace) => {
          const [cx, cy] = [x(Date.parse(trace.startedAt)), y(trace.durationMs)]
          const go = () => router.push(paths.trace(trace.traceId))
          return trace.errors > 0
            ? <path key={trace.traceId} d={`M${cx} ${cy - 5}l4.500 8h-9z`} fill="var(--bad)" className="cursor-pointer" onClick={go}><title>{`${trace.rootService} ${trace.rootOperation}, ${printDuration(trace.durationMs)}, ${trace.errors} failed`}</title></path>
            : <circle key={trace.traceId} cx={cx} cy={cy} r="3.500" fill="var(--series-1)" fillOpacity="0.55" className="cursor-pointer" onClick={go}><title>{`${trace.rootService} ${trace.rootOperation}, ${printDuration(trace.durationMs)}`}</title></circle>
        })}
      </svg>
    </div>
  )
}
