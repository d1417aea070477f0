'use client'
import { useLiveState } from '#components/live.tsx'
import { formatAgo } from '#components/ui/format.ts'
import { IconButton } from '#components/ui/Button.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { useNow } from '#components/ui/RelativeTime.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { useTimeRange } from '#components/use-time-range.ts'

/** Above this age, what is shown is called stale. */
const STALE_MS = 20_000

/** `Live, updated 3 s ago`, and the button that holds the page still. */
export function LiveIndicator() {
  const { state, heardAt } = useLiveState()
  const { paused, pause, resume } = useTimeRange()
  const now = useNow()
  const age = heardAt === 0 ? null : Math.max(0, now - heardAt)
  const stale = age !== null && age > STALE_MS
  const ago = age === null ? '' : `, updated ${formatAgo(heardAt, Math.max(now, heardAt))}`
  const words = paused ? 'Paused' : stale ? `Stale${ago}` : state === 'live' ? `Live${ago}` : state === 'polling' ? `Asking every 5 s${ago}` : 'Connecting'
  return (
    <span className="flex items-center gap-1 text-sm text-muted">
      <StateMark state={paused ? 'idle' : stale ? 'warn' : state === 'live' ? 'ok' : state === 'polling' ? 'info' : 'idle'} />
      <span className="ml-1 hidden whitespace-nowrap tabular-nums lg:inline" data-live={paused ? 'paused' : state}>{words}</span>
      <IconButton label={paused ? 'Resume, show what happens now (p)' : 'Pause, hold what is shown (p)'} small onPress={() => void (paused ? resume() : pause())}>
        <Icon name={paused ? 'play' : 'pause'} />
      </IconButton>
    </span>
  )
}
