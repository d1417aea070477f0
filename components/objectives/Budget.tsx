import { formatShare } from '#components/ui/format.ts'

/** The share of a budget that is left, as a bar and a number. */
export function Budget({ left, label }: { left: number; label: string }) {
  const colour = left === 0 ? 'var(--bad)' : left < 0.25 ? 'var(--warn)' : 'var(--ok)'
  return (
    <span className="flex items-center gap-2.5 whitespace-nowrap">
      <span role="meter" aria-label={`Budget left of ${label}`} aria-valuenow={Math.round(left * 100)} aria-valuemin={0} aria-valuemax={100} className="block h-1.5 w-20 flex-none overflow-hidden rounded-full bg-accent-soft">
        <i className="block h-full rounded-full" style={{ width: `${Math.max(2, left * 100)}%`, background: colour }} />
      </span>
      <span className="tabular-nums">{formatShare(left)}</span>
    </span>
  )
}
