'use client'
import type { Overview } from '#server/contracts/overview.ts'
import { Sparkline } from '#components/charts/Sparkline.tsx'
import { formatMs, formatRate, formatShare } from '#components/ui/format.ts'

/** From this error share on, the figure is said in the colour of a warning. */
const ERRORS_WARN = 0.01

const TIMES_FROM = 10

/** Four figures of the window, each with what it is compared with and why it moved. */
export function Signals({ overview, length }: { overview: Overview; length: string }) {
  const { perSecond, errorShare, p95Ms, refusedPerSecond } = overview.signals
  const { worstEdge } = overview
  const errorsWarn = (errorShare.now ?? 0) >= ERRORS_WARN
  const points = errorShare.now !== null && errorShare.before !== null ? (errorShare.now - errorShare.before) * 100 : null
  return (
    <section aria-label="The window in four figures" className="grid grid-cols-2 overflow-hidden rounded-lg border border-line bg-surface lg:grid-cols-4 [&>*]:border-line max-lg:[&>*:nth-child(n+3)]:border-t max-lg:[&>*:nth-child(even)]:border-l lg:[&>*+*]:border-l">
      <Signal title="Calls between agents" value={formatRate(perSecond.now)} note={compare(perSecond.now, perSecond.before, length)} series={perSecond.series} colour="var(--series-1)" />
      <Signal
        title="Errors"
        value={formatShare(errorShare.now)}
        warn={errorsWarn}
        note={
          errorShare.now === null ? 'no calls' : worstEdge === null ? 'none' : `${points !== null && Math.abs(points) >= 0.05 ? `${points > 0 ? '+' : '−'}${Math.abs(points).toFixed(1)} points, most` : 'most'} from ${worstEdge.source} → ${worstEdge.target}`
        }
        series={errorShare.series}
        colour={errorsWarn ? 'var(--warn)' : 'var(--idle)'}
      />
      <Signal title="Latency p95" value={formatMs(p95Ms.now)} note={p95Ms.now === null ? 'no calls' : `of a call; ${compare(p95Ms.now, p95Ms.before, length)}`} series={p95Ms.series} colour="var(--series-3)" />
      <Signal title="Refused" value={formatRate(refusedPerSecond.now)} note={refusedPerSecond.now ? 'answered with 4xx, by a policy or by the agent' : refusedPerSecond.now === null ? 'no calls' : 'no call was answered with 4xx'} series={refusedPerSecond.series} colour="var(--series-6)" />
    </section>
  )
}

function Signal({ title, value, note, warn, series, colour }: { title: string; value: string; note: string; warn?: boolean; series: readonly (number | null)[]; colour: string }) {
  return (
    <div className="min-w-0 px-4 pt-3.5 pb-2.5">
      <h2 className="m-0 text-base font-normal text-muted">{title}</h2>
      <p className="m-0 mt-1 text-2xl font-medium tracking-[-0.02em] tabular-nums">{value}</p>
      <p title={note} className={`m-0 mt-0.5 mb-1.5 truncate text-xs ${warn ? 'text-warn' : 'text-muted'}`}>{note || '\u00a0'}</p>
      <Sparkline values={series} label={`${title} over the window, now ${value}`} colour={colour} />
    </div>
  )
}

/** `+3 % on the 15 min before`; a percentage of many digits says less than a multiple. */
function compare(now: number | null, before: number | null, length: string): string {
  if (now === null) return 'no calls'
  if (before === null || before === 0) return `nothing in the ${length} before`
  if (now / before >= TIMES_FROM) return `${Math.round(now / before)} times the ${length} before`
  const change = Math.round(((now - before) / before) * 100)
  return change === 0 ? `as in the ${length} before` : `${change > 0 ? '+' : '−'}${Math.abs(change)} % on the ${length} before`
}
