// What a collector took and refused, counted in memory and written every few seconds for the page that shows it.
import { hostname } from 'node:os'
import type { Pool } from '#server/db/pool.ts'
import { CHANNELS } from '#server/db/listen.ts'

const WRITE_MS = 1000

interface Added {
  spans?: number
  points?: number
  contentDropped?: number
  refused?: ReadonlyMap<string, number>
  /** By the mark that stands in its place. */
  redacted?: ReadonlyMap<string, number>
}

export interface IngestCounters {
  received(bytes: number, lagMs: number): void
  add(added: Added): void
  refuse(reason: string): void
}

export interface IngestTotals {
  requests: number
  spans: number
  points: number
  bytes: number
  contentDropped: number
  lagMsMax: number
  refused: Map<string, number>
  redacted: Map<string, number>
}

const none = (): IngestTotals => ({ requests: 0, spans: 0, points: 0, bytes: 0, contentDropped: 0, lagMsMax: 0, refused: new Map(), redacted: new Map() })

/** `totals` since the start of the process; every second what is new goes to `telemetry.ingest`, and listeners are told. */
export function openIngest(pool: Pool, waitingBytes: () => number): IngestCounters & AsyncDisposable & { totals: IngestTotals } {
  const totals = none()
  let fresh = none()
  const collector = `${hostname()}-${process.pid}`

  const count = (which: 'refused' | 'redacted', reason: string, times: number) => {
    for (const sums of [totals, fresh]) sums[which].set(reason, (sums[which].get(reason) ?? 0) + times)
  }
  const write = async () => {
    if (fresh.requests === 0 && fresh.refused.size === 0) return
    const now = fresh
    fresh = none()
    try {
      await pool.query(WRITE, [collector, now.requests, now.spans, now.points, now.bytes, now.contentDropped, now.lagMsMax, waitingBytes(), JSON.stringify(Object.fromEntries(now.refused)), JSON.stringify(Object.fromEntries(now.redacted))])
      if (now.spans + now.points > 0) await pool.query('select pg_notify($1, json_build_object($2::text, mesh.name)::text) from mesh', [CHANNELS.telemetry, 'mesh'])
    } catch {
      merge(fresh, now) // the store is away: counted again at the next write
    }
  }
  let writing = Promise.resolve()
  const timer = setInterval(() => (writing = writing.then(write)), WRITE_MS)

  return {
    totals,
    received(bytes, lagMs) {
      for (const sums of [totals, fresh]) {
        sums.requests++
        sums.bytes += bytes
        sums.lagMsMax = Math.max(sums.lagMsMax, lagMs)
      }
    },
    add({ spans = 0, points = 0, contentDropped = 0, refused, redacted }) {
      for (const sums of [totals, fresh]) {
        sums.spans += spans
        sums.points += points
        sums.contentDropped += contentDropped
      }
      if (refused) for (const [reason, times] of refused) count('refused', reason, times)
      if (redacted) for (const [mark, times] of redacted) count('redacted', mark, times)
    },
    refuse: (reason) => count('refused', reason, 1),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await writing
      await write()
    },
  }
}

function merge(into: IngestTotals, from: IngestTotals): void {
  into.requests += from.requests
  into.spans += from.spans
  into.points += from.points
  into.bytes += from.bytes
  into.contentDropped += from.contentDropped
  into.lagMsMax = Math.max(into.lagMsMax, from.lagMsMax)
  for (const which of ['refused', 'redacted'] as const) for (const [reason, times] of from[which]) into[which].set(reason, (into[which].get(reason) ?? 0) + times)
}

const summed = (column: string) => `(select coalesce(jsonb_object_agg(reason, times), '{}') from (
      select key as reason, sum(value::bigint) as times from (select * from jsonb_each_text(known.${column}) union all select * from jsonb_each_text(excluded.${column})) both_sides group by key) summed)`

const WRITE = `
  insert into telemetry.ingest as known (collector, bucket, requests, spans, points, bytes, content_dropped, lag_ms, waiting_bytes, refused, redacted)
  values ($1, date_bin('10 seconds', now(), 'epoch'), $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb)
  on conflict (collector, bucket) do update set requests = known.requests + excluded.requests, spans = known.spans + excluded.spans,
    points = known.points + excluded.points, bytes = known.bytes + excluded.bytes, content_dropped = known.content_dropped + excluded.content_dropped,
    lag_ms = greatest(known.lag_ms, excluded.lag_ms), waiting_bytes = excluded.waiting_bytes, refused = ${summed('refused')}, redacted = ${summed('redacted')}`
