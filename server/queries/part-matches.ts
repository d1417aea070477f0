// Parts of traces with a span that matches, newest first: migration 0024. A search by service or name walks the minutes that have it and no
// others; one without walks back through all. It goes by slices that grow while they are quick, and ends when the page is full or its time is spent.
import type { Db } from '#server/db/client.ts'
import type { SoughtIds } from './sought-ids.ts'
import type { TraceMatch, TraceMatches, TraceSearch } from './traces.ts'

export const PART_SEARCH = {
  /** For one page; the slice that is under way comes to its end. */
  budgetMs: 200,
  /** The next slice is three times as long while slices are quick. */
  quickMs: 25,
  /** Parts that match, looked at for one page at a time. */
  scan: 200,
}
const MINUTE_US = 60e6
/** Minutes told at a time: a day of them. */
const MINUTES_READ = 1440
const NO_TRACE = '0'.repeat(32)

interface Stretch {
  fromUs: number
  toUs: number
}

export async function matchByParts(db: Db, search: TraceSearch, sought: SoughtIds, limits = PART_SEARCH): Promise<TraceMatches> {
  const began = performance.now()
  const startUs = search.from.getTime() * 1000
  const items: TraceMatch[] = []
  const shown = new Set<string>()
  const stretches = openStretches(db, search, sought)
  let cursorUs = Math.min(search.to.getTime() * 1000 + MINUTE_US, search.after ? Number(search.after.atUs) + 1 : Infinity)
  let minutes = 1
  while (sought.services.length > 0) {
    search.signal?.throwIfAborted()
    const slice = await stretches.before(cursorUs, minutes)
    if (slice.length === 0) break
    const sliceBegan = performance.now()
    const { matches, scanned, lastUs } = await scan(db, search, sought, slice, limits.scan)
    for (const match of matches) {
      if (shown.has(match.traceId)) continue
      shown.add(match.traceId)
      items.push(match)
      if (items.length === search.limit) return { items, next: match, lookedBackTo: null }
    }
    cursorUs = scanned === limits.scan ? Math.min(cursorUs - 1, lastUs + 1) : Math.min(...slice.map(({ fromUs }) => fromUs)) // others may have the last one's moment
    const now = performance.now()
    if (cursorUs > startUs && now - began > limits.budgetMs) return { items, next: { atUs: String(cursorUs), traceId: NO_TRACE }, lookedBackTo: new Date(cursorUs / 1000) }
    if (now - sliceBegan < limits.quickMs) minutes *= 3
  }
  return { items, next: null, lookedBackTo: null }
}

/** Where parts may match: minutes of what is named, or all time. */
function openStretches(db: Db, search: TraceSearch, { services, classes }: SoughtIds) {
  const startUs = search.from.getTime() * 1000
  const named = search.service !== undefined || classes !== null
  let known: number[] = []
  let isMore = named
  return {
    /** Newest first, none at the end. */
    async before(untilUs: number, count: number): Promise<Stretch[]> {
      if (untilUs <= startUs) return []
      if (!named) return [{ fromUs: Math.max(startUs, untilUs - count * MINUTE_US), toUs: untilUs }]
      known = known.filter((minuteUs) => minuteUs < untilUs)
      if (known.length === 0 && isMore) {
        const { rows } = await db.pool.query<{ minute_us: string }>(MINUTES, [services, classes, startUs, untilUs, MINUTES_READ])
        known = rows.map((row) => Number(row.minute_us))
        isMore = rows.length === MINUTES_READ
      }
      return known.slice(0, count).map((minuteUs) => ({ fromUs: Math.max(startUs, minuteUs), toUs: Math.min(untilUs, minuteUs + MINUTE_US) }))
    },
  }
}

async function scan(db: Db, search: TraceSearch, { services, classes }: SoughtIds, slice: readonly Stretch[], scanMax: number) {
  const isNamed = search.service !== undefined || classes !== null
  const { rows } = await db.pool.query<{ trace_id: string | null; at_us: string; scanned: string; last_us: string }>(MATCHED, [
    services,
    isNamed,
    classes,
    search.status ?? null,
    search.minDurationMs === undefined ? null : Math.round(search.minDurationMs * 1000),
    search.maxDurationMs === undefined ? null : Math.round(search.maxDurationMs * 1000),
    search.from,
    search.to,
    search.after?.atUs ?? null,
    search.after?.traceId ?? null,
    search.limit,
    scanMax,
    search.service === undefined ? null : services,
    slice.map(({ fromUs }) => fromUs),
    slice.map(({ toUs }) => toUs),
  ])
  const first = rows[0]! // an aggregate gives a row
  return {
    matches: rows.flatMap((row) => (row.trace_id === null ? [] : [{ traceId: row.trace_id.replaceAll('-', ''), atUs: row.at_us }])),
    scanned: Number(first.scanned),
    lastUs: Number(first.last_us),
  }
}

const MOMENT = (microseconds: string) => `to_timestamp(${microseconds}::numeric / 1000000)`

const MINUTES = `
  select distinct (extract(epoch from minute) * 1000000)::bigint as minute_us, minute from telemetry.span_minute
  where service_id = any($1::int[]) and ($2::int[] is null or class_id = any($2)) and minute > ${MOMENT('$3')} - interval '1 minute' and minute < ${MOMENT('$4')}
  order by minute desc limit $5`

// What is true of a part with such a span is cheap to ask, and nearly all others fail it; then the trace is asked about, and the span looked for.
const mayMatch = (part: string) => `($13::int[] is null or ${part}.service_ids && $13) and ($5::bigint is null or $5 <= any(${part}.durations_us))`
const isOfStatus = (part: string) => `($4::text is null or ($4 = 'error') = (${part}.failed or exists (select from telemetry.span_part failed where failed.trace_id = ${part}.trace_id and failed.failed)))`
const matches = (part: string) => `exists (
    select from unnest(${part}.service_ids, ${part}.class_ids, ${part}.durations_us, ${part}.flags, ${part}.before_us) as span (service_id, class_id, duration_us, flags, before_us)
    where service_id = any($1::int[]) and ($2::boolean or flags & 64 <> 0) and ($3::int[] is null or class_id = any($3))
      and ($5::bigint is null or duration_us >= $5) and ($6::bigint is null or duration_us <= $6)
      and ${part}.time - before_us * interval '1 microsecond' >= $7 and ${part}.time - before_us * interval '1 microsecond' < $8)`

// A trace stands at the newest part that has a match. One that stood on an earlier page is left out of this one.
const MATCHED = `
  with seen as materialized (
    select trace_id, time from unnest($14::bigint[], $15::bigint[]) as slice (from_us, to_us) cross join lateral (
      select trace_id, time from telemetry.span_part part
      where time >= ${MOMENT('from_us')} and time < ${MOMENT('to_us')} and ${mayMatch('part')} and case when ${isOfStatus('part')} then ${matches('part')} end
      order by time desc limit $12) part
    order by time desc limit $12),
  scan as (select count(*) as scanned, (extract(epoch from min(time)) * 1000000)::bigint as last_us from seen),
  newest as (select trace_id, max(time) as at from seen group by trace_id),
  page as (
    select trace_id, at from newest
    where ($9::numeric is null or (at, trace_id) < (${MOMENT('$9')}, $10::uuid))
      and ($9::numeric is null or not exists (select from telemetry.span_part earlier where earlier.trace_id = newest.trace_id and earlier.time > ${MOMENT('$9')} and ${mayMatch('earlier')} and ${matches('earlier')}))
    order by at desc, trace_id desc limit $11)
  select trace_id, (extract(epoch from at) * 1000000)::bigint as at_us, scanned, last_us from scan left join page on true order by at desc, trace_id desc`
