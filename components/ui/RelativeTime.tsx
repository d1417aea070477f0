'use client'
import { useSyncExternalStore } from 'react'
import { formatAgo } from './format.ts'

let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

/** One clock for the whole page, that ticks once a second while somebody looks at it. */
export function useNow(): number {
  return useSyncExternalStore(watchClock, readClock, readFirstClock)
}

// Both stay the same function from render to render: React subscribes anew for another one, and the clock would be set each time.
const readClock = () => now
const readFirstClock = () => (typeof window === 'undefined' ? Date.now() : now) // the server's page ticks for nobody
function watchClock(changed: () => void): () => void {
  listeners.add(changed)
  if (!timer) now = Date.now()
  timer ??= setInterval(() => {
    now = Date.now()
    for (const listener of listeners) listener()
  }, 1000)
  return () => {
    listeners.delete(changed)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** `3 s ago`, with the full time in its title. The server's clock and the page's may differ by a tick, which is no mistake. */
export function RelativeTime({ at, className }: { at: string; className?: string }) {
  const shown = useNow()
  return (
    <time suppressHydrationWarning dateTime={at} title={`${at.replace('T', ' ').slice(0, 19)} UTC`} className={className}>
      {formatAgo(Date.parse(at), timer ? shown : Date.now())}
    </time>
  )
}
