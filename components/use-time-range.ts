'use client'
import { parseAsString, useQueryStates } from 'nuqs'
import { useTimeZone } from './ui/LocalTime.tsx'
import { describeRange, parseRange, rangeMs, WINDOWS, type TimeRange, type WindowName } from './time-range.ts'

const NAMES = { range: parseAsString, from: parseAsString, to: parseAsString }

/** The time range of the page, and ways to change it. Pausing fixes the window that is shown, so that its link shows the same. */
export function useTimeRange() {
  const [state, set] = useQueryStates(NAMES, { history: 'push', shallow: false })
  const range = parseRange({ range: state.range ?? undefined, from: state.from ?? undefined, to: state.to ?? undefined })
  const timeZone = useTimeZone()
  return {
    range,
    /** `last 15 minutes`. */
    says: describeRange(range, timeZone),
    paused: range.kind === 'fixed',
    setWindow: (window: WindowName) => set({ range: window, from: null, to: null }),
    setFixed: (from: string, to: string) => set({ from, to }),
    pause: () => set({ from: new Date(Date.now() - rangeMs(range)).toISOString(), to: new Date().toISOString(), range: windowOf(range) }),
    resume: () => set({ from: null, to: null }),
  }
}

function windowOf(range: TimeRange): WindowName | null {
  if (range.kind === 'window') return range.window
  return (Object.keys(WINDOWS) as WindowName[]).find((name) => WINDOWS[name] === rangeMs(range)) ?? null // the keys are the names
}
