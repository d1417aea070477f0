'use client'
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, useCallback, useContext, useEffect, useEffectEvent, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import { MeshError } from '#server/contracts/errors.ts'
import { gatherMs } from './gather.ts'
import { LiveSocket, type LiveState } from './live-socket.ts'

const Socket = createContext<LiveSocket | null>(null)
const POLL_MS = 5000

/** Gives every part of the console its live connection and its cache of answers. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [socket] = useState(() => new LiveSocket())
  const [client] = useState(
    () => new QueryClient({ defaultOptions: { queries: { staleTime: 2000, refetchOnWindowFocus: true, retry: (count, error) => count < 2 && worthRetrying(error) } } }),
  )
  useEffect(() => {
    socket.open() // also for pages that follow no topic: what they show is as fresh as their own asking
    return () => socket.close()
  }, [socket])
  return (
    <Socket value={socket}>
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    </Socket>
  )
}

/** Calls `onMessage` for each message of a topic: `useLive('revisions', () => …)`. A null topic is none. */
export function useLive(topic: string | null, onMessage: (message: unknown) => void): void {
  const socket = useContext(Socket)
  const receive = useEffectEvent(onMessage)
  useEffect(() => (socket && topic !== null ? socket.subscribe(topic, (message) => receive(message)) : undefined), [socket, topic])
}

/** Is what is shown live, and when did we last hear from Heddle? */
export function useLiveState(): { state: LiveState; heardAt: number } {
  const socket = useContext(Socket)
  const watch = useCallback((changed: () => void) => socket?.watch(changed) ?? (() => {}), [socket])
  return {
    state: useSyncExternalStore(watch, () => socket?.state ?? 'connecting', () => 'connecting' as const),
    heardAt: useSyncExternalStore(watch, () => socket?.heardAt ?? 0, () => 0),
  }
}

export interface LiveQuery<T> {
  key: readonly unknown[]
  read: () => Promise<T>
  /** What the server rendered; leave it out where the browser asks first. */
  initial?: T
  /** Topics whose messages mean that the answer may have changed. */
  topics: readonly string[]
  /** Nothing is read while true: the page is paused. */
  paused?: boolean
  /** How often to ask anyway; telemetry changes without a message. 5 s, whenever there is no live connection. */
  everyMs?: number
}

/** An answer that stays fresh: by live messages, and by asking again where there is no connection. */
export function useLiveQuery<T>({ key, read, initial, topics, paused = false, everyMs }: LiveQuery<T>) {
  const socket = useContext(Socket)
  const client = useQueryClient()
  const { state } = useLiveState()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const query = useQuery({
    queryKey: key,
    queryFn: async () => {
      const answer = await read()
      socket?.heard()
      return answer
    },
    initialData: initial,
    placeholderData: (previous) => previous,
    enabled: !paused || initial === undefined,
    refetchInterval: paused ? false : state === 'live' ? (everyMs ?? false) : Math.min(everyMs ?? POLL_MS, POLL_MS),
  })
  const refresh = useEffectEvent(() => {
    if (paused) return
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      void client.invalidateQueries({ queryKey: key })
    }, gatherMs(topics))
  })
  const wanted = topics.join('\n')
  useEffect(() => {
    if (!socket || wanted === '') return
    const ends = wanted.split('\n').map((topic) => socket.subscribe(topic, () => refresh()))
    return () => {
      for (const end of ends) end()
      clearTimeout(timer.current)
      timer.current = undefined
    }
  }, [socket, wanted])
  return query
}

function worthRetrying(error: unknown): boolean {
  return !(error instanceof MeshError) || error.code === 'unavailable' || error.code === 'internal'
}
