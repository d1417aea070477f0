// Traces by any attribute. Attributes are in the spans' compressed bytes: the search walks back over the blocks that may have them, from the
// newest, and opens those. It stops when the page is full or its budget is spent, and says where.
import type { AttributeCondition } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { metByResource, wantedOf, type Wanted } from '#server/otlp/attribute-match.ts'
import { termsOfAttribute, termsOfServices } from '#server/otlp/terms.ts'
import { blocksOfTraces, openBlocks, placeHits, type Sought } from './attribute-hits.ts'
import { walkBlocks, type StoredBlock } from './block-walk.ts'
import { readSoughtIds } from './sought-ids.ts'
import type { TraceMatch, TraceMatches, TraceSearch } from './traces.ts'

export const ATTRIBUTE_SEARCH = {
  /** For one page. */
  budgetMs: 2000,
  /** Opened for one page. */
  spansMax: 2_000_000,
  /** Looked through at a time; the next stretch is four times as long while they are quick, half while they are slow. */
  stretchUs: 1_000_000,
  quickMs: 150,
  slowMs: 500,
  /** Blocks opened at a time, about 130 KB each; twice as many each time, up to `blocksMax`. */
  blocks: 4,
  blocksMax: 32,
}
const RESOURCES_MAX = 20_000
const NO_TRACE = '0'.repeat(32)

/**
 * Traces with a span that meets every attribute and all else that is asked, newest first. `signal` ends the search between blocks.
 * Spans are read from their blocks in the store; message content is kept apart and not looked at.
 */
export async function matchByAttributes(db: Db, mesh: string, search: TraceSearch, attributes: readonly AttributeCondition[], limits = ATTRIBUTE_SEARCH): Promise<TraceMatches> {
  const sought = await prepare(db, mesh, search, attributes)
  const startUs = search.from.getTime() * 1000
  const endUs = Math.min(search.to.getTime() * 1000, search.after ? Number(search.after.atUs) + 1 : Infinity)
  const found: TraceMatch[] = []
  if (sought.filter.services.length === 0 || startUs >= endUs) return { items: found, next: null, lookedBackTo: null }
  const began = performance.now()
  const whole = { fromUs: startUs, toUs: endUs }
  const walk = walkBlocks(db, { startUs, endUs, terms: sought.terms })
  const matches = openMatches()
  let lengthUs = limits.stretchUs
  let count = limits.blocks
  let opened = 0
  while (walk.unseenUs >= startUs) {
    search.signal?.throwIfAborted()
    const stretchBegan = performance.now()
    const { hits, traces, spans } = await openBlocks(await walk.next(lengthUs, count), sought)
    opened += spans
    matches.add(await placeHits(db, whole, sought.filter, hits, traces))
    found.push(...(await keepWanted(db, search, sought, matches.takeAfter(walk.unseenUs))))
    if (found.length >= search.limit) {
      const items = found.slice(0, search.limit)
      const last = items.at(-1)! // a limit is at least one
      return { items, next: { atUs: last.atUs, traceId: last.traceId }, lookedBackTo: null }
    }
    const now = performance.now()
    const seenUs = walk.unseenUs + 1
    if (seenUs > startUs && seenUs < endUs && (now - began > limits.budgetMs || opened > limits.spansMax)) {
      return { items: found, next: { atUs: String(seenUs), traceId: NO_TRACE }, lookedBackTo: new Date(seenUs / 1000) }
    }
    count = Math.min(count * 2, limits.blocksMax)
    if (now - stretchBegan < limits.quickMs) lengthUs *= 4
    else if (now - stretchBegan > limits.slowMs) lengthUs = Math.max(limits.stretchUs, lengthUs / 2)
  }
  return { items: found, next: null, lookedBackTo: null }
}

/** Matches that were found, each trace at its newest, until no block that is still to come can have a newer one. */
function openMatches() {
  const newest = new Map<string, TraceMatch>()
  const taken = new Set<string>()
  return {
    add(matches: readonly TraceMatch[]): void {
      for (const match of matches) {
        const before = newest.get(match.traceId)
        if (!taken.has(match.traceId) && (!before || Number(before.atUs) < Number(match.atUs))) newest.set(match.traceId, match)
      }
    },
    /** Those later than a moment, newest first. */
    takeAfter(momentUs: number): TraceMatch[] {
      const matches = [...newest.values()].filter((match) => Number(match.atUs) > momentUs)
      for (const { traceId } of matches) {
        newest.delete(traceId)
        taken.add(traceId)
      }
      return matches.sort((a, b) => Number(b.atUs) - Number(a.atUs) || (a.traceId < b.traceId ? 1 : -1))
    },
  }
}

async function prepare(db: Db, mesh: string, search: TraceSearch, attributes: readonly AttributeCondition[]): Promise<Sought> {
  const { services, classes } = await readSoughtIds(db, mesh, search)
  const wanted = attributes.map(wantedOf)
  const resources = await resourcesThatMeet(db, mesh, wanted)
  return {
    wanted,
    metByResource: resources,
    terms: [
      termsOfServices(services),
      ...attributes.map((attribute, index) => termsOfAttribute(attribute, [...resources].flatMap(([id, mask]) => ((mask & (1 << index)) === 0 ? [] : [id])))),
    ],
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
  const ids = await blocksOfTraces(db, newer, sought.filter, traces)
  const shown = new Set<string>()
  for (let first = 0; first < ids.length; first += ATTRIBUTE_SEARCH.blocksMax) {
    const stored = await db.pool.query<StoredBlock>('select id, bytes from telemetry.span_block where id = any($1::bigint[])', [ids.slice(first, first + ATTRIBUTE_SEARCH.blocksMax)])
    const { hits } = await openBlocks(stored.rows, sought)
    for (const { traceId, atUs } of await placeHits(db, newer, sought.filter, hits, traces)) if (Number(atUs) > newer.fromUs || traceId >= after.traceId) shown.add(traceId)
  }
  return shown
}
