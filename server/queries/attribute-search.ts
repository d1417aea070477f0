// Traces by any attribute. Attributes are not indexed, they are in the spans' compressed bytes: the search walks back from the newest,
// slice by slice, and opens the blocks that have spans of the slice. It stops when the page is full or its budget is spent, and says where.
import type { AttributeCondition } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { allOf, mayHold, metByResource, metBySpan, traceIdOf, wantedOf, type Wanted } from '#server/otlp/attribute-match.ts'
import { openBlockAside, spansOfBlock } from '#server/otlp/block.ts'
import { readSoughtIds } from './sought-ids.ts'
import type { TraceMatch, TraceMatches, TraceSearch } from './traces.ts'

const SLICE_US_MIN = 1_000_000

export const ATTRIBUTE_SEARCH = {
  /** For one page. */
  budgetMs: 2000,
  /** Opened for one page. */
  spansMax: 2_000_000,
  /** The first slice; the next is four times as long while slices are quick, half while they are slow. */
  sliceUs: SLICE_US_MIN,
  quickMs: 150,
  slowMs: 500,
}
/** Blocks in memory at a time: about 130 KB each, opened. */
const BLOCKS_AT_ONCE = 32
const RESOURCES_MAX = 20_000
const NO_TRACE = '0'.repeat(32)

interface Filter {
  services: number[]
  /** The same where the search names a service: then they narrow it enough for their index. */
  named: number[] | null
  classes: number[] | null
  minUs: number | null
  maxUs: number | null
}

interface Sought {
  wanted: Wanted[]
  /** Which of them a resource meets, by its id. */
  metByResource: ReadonlyMap<number, number>
  filter: Filter
}

interface Slice {
  fromUs: number
  toUs: number
}

/**
 * Traces with a span that meets every attribute and all else that is asked, newest first. `signal` ends the search between slices.
 * Spans are read from their blocks in the store; message content is kept apart and not looked at.
 */
export async function matchByAttributes(db: Db, mesh: string, search: TraceSearch, attributes: readonly AttributeCondition[], limits = ATTRIBUTE_SEARCH): Promise<TraceMatches> {
  const sought = await prepare(db, mesh, search, attributes)
  const [startUs, endUs] = [search.from.getTime() * 1000, search.to.getTime() * 1000]
  const found: TraceMatch[] = []
  const known = new Set<string>()
  const began = performance.now()
  let toUs = search.after ? Math.min(endUs, Number(search.after.atUs) + 1) : endUs
  let lengthUs = limits.sliceUs
  let opened = 0
  if (sought.filter.services.length === 0) toUs = startUs
  while (toUs > startUs) {
    search.signal?.throwIfAborted()
    const sliceBegan = performance.now()
    const slice = { fromUs: Math.max(startUs, toUs - lengthUs), toUs }
    const { matches, spans } = await matchesIn(db, slice, sought)
    const fresh = await keepWanted(db, search, sought, matches.filter((match) => !known.has(match.traceId)))
    for (const match of fresh) known.add(match.traceId)
    found.push(...fresh)
    opened += spans
    toUs = slice.fromUs
    if (found.length >= search.limit) {
      const items = found.slice(0, search.limit)
      const last = items.at(-1)! // a limit is at least one
      return { items, next: { atUs: last.atUs, traceId: last.traceId }, lookedBackTo: null }
    }
    if (toUs > startUs && (performance.now() - began > limits.budgetMs || opened > limits.spansMax)) {
      return { items: found, next: { atUs: String(toUs), traceId: NO_TRACE }, lookedBackTo: new Date(toUs / 1000) }
    }
    const tookMs = performance.now() - sliceBegan
    if (tookMs < limits.quickMs) lengthUs *= 4
    else if (tookMs > limits.slowMs) lengthUs = Math.max(SLICE_US_MIN, lengthUs / 2)
  }
  return { items: found, next: null, lookedBackTo: null }
}

async function prepare(db: Db, mesh: string, search: TraceSearch, attributes: readonly AttributeCondition[]): Promise<Sought> {
  const { services, classes } = await readSoughtIds(db, mesh, search)
  const wanted = attributes.map(wantedOf)
  return {
    wanted,
    metByResource: await resourcesThatMeet(db, mesh, wanted),
    filter: {
      services,
      classes,
      named: search.service === undefined ? null : services,
      minUs: search.minDurationMs === undefined ? null : Math.round(search.minDurationMs * 1000),
      maxUs: search.maxDurationMs === undefined ? null : Math.round(search.maxDurationMs * 1000),
    },
  }
}

async function resourcesThatMeet(db: Db, mesh: string, wanted: readonly Wanted[]): Promise<Map<number, number>> {
  const { rows } = await db.pool.query<{ id: number; bytes: Buffer }>(
    'select id, bytes from telemetry.described where mesh = $1 and exists (select from unnest($2::bytea[]) key where position(key in bytes) > 0) order by id desc limit $3',
    [mesh, wanted.map(({ key }) => key), RESOURCES_MAX],
  )
  const met = new Map<number, number>()
  for (const { id, bytes } of rows) {
    const mask = metOrNothing(bytes, wanted)
    if (mask !== 0) met.set(id, mask)
  }
  return met
}

/** The table has scopes as well, which are another message. */
function metOrNothing(bytes: Buffer, wanted: readonly Wanted[]): number {
  try {
    return metByResource(bytes, wanted)
  } catch {
    return 0
  }
}

const MOMENT = (place: string) => `to_timestamp(${place}::numeric / 1000000)`
/** Parameters 1 to 7: a slice and a filter. A span starts at most a minute before `part_time`, which is indexed. */
const IN_SLICE = `time >= ${MOMENT('$1')} and time < ${MOMENT('$2')} and part_time >= ${MOMENT('$1')} and part_time < ${MOMENT('$2')} + interval '1 minute'
  and service_id = any($3::int[]) and ($7::int[] is null or part_services && $7) and ($4::int[] is null or (part_classes && $4 and class_id = any($4)))
  and ($5::bigint is null or duration_us >= $5) and ($6::bigint is null or duration_us <= $6)`
const sliceParameters = ({ fromUs, toUs }: Slice, { services, named, classes, minUs, maxUs }: Filter) => [fromUs, toUs, services, classes, minUs, maxUs, named]

async function matchesIn(db: Db, slice: Slice, sought: Sought): Promise<{ matches: TraceMatch[]; spans: number }> {
  const { rows } = await db.pool.query<{ block_id: string }>(`select distinct block_id from telemetry.span where ${IN_SLICE} order by 1 desc`, sliceParameters(slice, sought.filter))
  const { hits, traces, spans } = await openBlocks(db, rows.map((row) => row.block_id), sought)
  return { matches: await placeHits(db, slice, sought.filter, hits, traces), spans }
}

interface Opened {
  /** `block place` of each span that meets all. */
  hits: Set<string>
  traces: Set<string>
  spans: number
}

async function openBlocks(db: Db, ids: readonly string[], { wanted, metByResource: resources }: Sought): Promise<Opened> {
  const opened: Opened = { hits: new Set(), traces: new Set(), spans: 0 }
  const all = allOf(wanted)
  const byResources = [...resources.values()].reduce((sum, mask) => sum | mask, 0)
  for (let first = 0; first < ids.length; first += BLOCKS_AT_ONCE) {
    const { rows } = await db.pool.query<{ id: string; bytes: Buffer }>('select id, bytes from telemetry.span_block where id = any($1::bigint[])', [ids.slice(first, first + BLOCKS_AT_ONCE)])
    const blocks = await Promise.all(rows.map(async ({ id, bytes }) => ({ id, block: await openBlockAside(bytes) })))
    for (const { id, block } of blocks) {
      const may = wanted.every((each, index) => (byResources & (1 << index)) !== 0 || mayHold(block, each))
      for (const [at, span] of spansOfBlock(block)) {
        opened.spans += 1
        if (!may || ((resources.get(span.resource) ?? 0) | metBySpan(span.bytes, wanted)) !== all) continue
        opened.hits.add(`${id} ${at}`)
        opened.traces.add(traceIdOf(span.bytes))
      }
    }
  }
  return opened
}

/** The hits that are in the slice and meet the filter: each trace once, at its newest. */
async function placeHits(db: Db, slice: Slice, filter: Filter, hits: ReadonlySet<string>, traces: ReadonlySet<string>): Promise<TraceMatch[]> {
  if (hits.size === 0) return []
  const { rows } = await db.pool.query<{ trace_id: string; block_id: string; block_at: number; at_us: string }>(
    `select trace_id, block_id, block_at, (extract(epoch from time) * 1000000)::bigint as at_us from telemetry.span where trace_id = any($8::uuid[]) and ${IN_SLICE} order by time desc, trace_id desc`,
    [...sliceParameters(slice, filter), [...traces]],
  )
  const newest = new Map<string, TraceMatch>()
  for (const row of rows) {
    const traceId = row.trace_id.replaceAll('-', '')
    if (hits.has(`${row.block_id} ${row.block_at}`) && !newest.has(traceId)) newest.set(traceId, { traceId, atUs: row.at_us })
  }
  return [...newest.values()]
}

/** Without those that failed or not, as asked, and those that an earlier page has shown. */
async function keepWanted(db: Db, { status, after, to }: TraceSearch, sought: Sought, matches: readonly TraceMatch[]): Promise<TraceMatch[]> {
  if (matches.length === 0) return []
  let kept = [...matches]
  if (status !== undefined) {
    const { rows } = await db.pool.query<{ trace_id: string }>('select distinct trace_id from telemetry.span_part where trace_id = any($1::uuid[]) and failed', [kept.map((match) => match.traceId)])
    const failed = new Set(rows.map((row) => row.trace_id.replaceAll('-', '')))
    kept = kept.filter((match) => failed.has(match.traceId) === (status === 'error'))
  }
  const shown = after === undefined ? new Set() : await shownBefore(db, after, to, sought, kept)
  return kept.filter((match) => !shown.has(match.traceId))
}

/** Traces that stand at or before the end of the page before: they have a match in the newer part of the window. */
async function shownBefore(db: Db, after: { atUs: string; traceId: string }, to: Date, sought: Sought, matches: readonly TraceMatch[]): Promise<Set<string>> {
  const newer = { fromUs: Number(after.atUs), toUs: to.getTime() * 1000 }
  if (matches.length === 0 || newer.fromUs >= newer.toUs) return new Set()
  const traces = new Set(matches.map((match) => match.traceId))
  const { rows } = await db.pool.query<{ block_id: string }>(`select distinct block_id from telemetry.span where trace_id = any($8::uuid[]) and ${IN_SLICE}`, [...sliceParameters(newer, sought.filter), [...traces]])
  const { hits } = await openBlocks(db, rows.map((row) => row.block_id), sought)
  const placed = await placeHits(db, newer, sought.filter, hits, traces)
  return new Set(placed.filter((match) => Number(match.atUs) > newer.fromUs || match.traceId >= after.traceId).map((match) => match.traceId))
}
