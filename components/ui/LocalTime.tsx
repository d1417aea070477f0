'use client'
import { useSyncExternalStore } from 'react'

const never = () => () => {}

/** The zone in which times are printed: UTC until the page belongs to the browser, then the person's own; so server and page agree. */
export function useTimeZone(): string | undefined {
  return useSyncExternalStore(never, () => undefined, () => 'UTC')
}

const FORMS = {
  full: { day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  day: { day: 'numeric', month: 'short', year: 'numeric' },
  short: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

/** `22/11/2026, 14:02:41`, as a day `22 Nov 2026`, or as a clock `14:02:41.120`, in the person's own zone. */
export function LocalTime({ at, form = 'full' }: { at: string; form?: keyof typeof FORMS }) {
  const timeZone = useTimeZone()
  return <time dateTime={at} className="tabular-nums">{new Date(at).toLocaleString('en-GB', { ...FORMS[form], timeZone })}</time>
}
