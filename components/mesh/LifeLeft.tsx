import { useTimeZone } from '#components/ui/LocalTime.tsx'
import { formatLong } from '#components/ui/format.ts'

/** Below these shares of its life a certificate is late, then alarming: leaves renew between 50 and 60 % of theirs. */
const LATE = 0.33
const ALARM = 0.15

/** The share of a certificate's life that is left, as a bar and in time. */
export function LifeLeft({ share, notAfter, now, label }: { share: number; notAfter: string; now: number; label: string }) {
  const timeZone = useTimeZone()
  const leftMs = Date.parse(notAfter) - now
  const colour = share <= ALARM ? 'var(--bad)' : share <= LATE ? 'var(--warn)' : 'var(--ok)'
  const words = leftMs <= 0 ? `expired ${formatLong(-leftMs)} ago` : `${formatLong(leftMs)} left`
  return (
    <span className="flex items-center gap-2.5 whitespace-nowrap" title={`until ${new Date(notAfter).toLocaleString('en-GB', { timeZone })}`}>
      <span role="meter" aria-label={`Life left of ${label}`} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100} aria-valuetext={`${Math.round(share * 100)} %, ${words}`} className="block h-1.5 w-20 flex-none overflow-hidden rounded-full bg-accent-soft">
        <i className="block h-full rounded-full" style={{ width: `${Math.max(2, share * 100)}%`, background: colour }} />
      </span>
      <span suppressHydrationWarning className={`tabular-nums ${leftMs <= 0 ? 'text-bad' : ''}`}>{words}</span>
    </span>
  )
}
