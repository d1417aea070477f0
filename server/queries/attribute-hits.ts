// Spans of blocks that meet the attributes of a search, and where they stand in its time.
import type { Db } from '#server/db/client.ts'
import { allOf, mayHold, metBySpan, traceIdOf, type Wanted } from '#server/otlp/attribute-match.ts'
import { openBlockAside, spansOfBlock } from '#server/otlp/block.ts'
import type { StoredBlock } from './block-walk.ts'
import type { TraceMatch } from './traces.ts'

export interface Filter {
  services: number[]
  /** The same where the search names a service: then they narrow it enough for their index. */
  named: number[] | null
  classes: number[] | null
  minUs: number | null
  maxUs: number | null
}

export interface Sought {
  wanted: Wanted[]
  /** Which of them a resource meets, by its id. */
  metByResource: ReadonlyMap<number, number>
  /** Of each list a block has one that has a match; null is any. */
  terms: (number[] | null)[]
  filter: Filter
}

export interface Slice {
  fromUs: number
  toUs: number
}

export interface Opened {
  /** `block place` of each span that meets all. */
  hits: Set<string>
  traces: Set<string>
  spans: number
}

export async function openBlocks(stored: readonly StoredBlock[], { wanted, metByResource: resources }: Sought): Promise<Opened> {
  const opened: Opened = { hits: new Set(), traces: new Set(), spans: 0 }
  const all = allOf(wanted)
  const byResources = [...resources.values()].reduce((sum, mask) => sum | mask, 0)
  const blocks = await Promise.all(stored.map(async ({ id, bytes }) => ({ id, block: await openBlockAside(bytes) })))
  for (const { id, block } of blocks) {
    const may = wanted.every((each, index) => (byResources & (1 << index)) !== 0 || mayHold(block, each))
    for (const [at, span] of spansOfBlock(block)) {
      opened.spans += 1
      if (!may || ((resources.get(span.resource) ?? 0) | metBySpan(span.bytes, wanted)) !== all) continue
      opened.hits.add(`${id} ${at}`)
      opened.traces.add(traceIdOf(span.bytes))
    }
  }
  return opened
}

/** The hits that are in the slice and meet the filter: each trace once, at its newest. */
export async function placeHits(db: Db, slice: Slice, filter: Filter, hits: ReadonlySet<string>, traces: ReadonlySet<string>): Promise<TraceMatch[]> {
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

/** Blocks with spans of these traces that are in the slice and meet the filter. */
export async function blocksOfTraces(db: Db, slice: Slice, filter: Filter, traces: ReadonlySet<string>): Promise<string[]> {
  const { rows } = await db.pool.query<{ block_id: string }>(`select distinct block_id from telemetry.span where trace_id = any($8::uuid[]) and ${IN_SLICE}`, [...sliceParameters(slice, filter), [...traces]])
  return rows.map((row) => row.block_id)
}

const MOMENT = (place: string) => `to_timestamp(${place}::numeric / 1000000)`
/** Parameters 1 to 7: a slice and a filter. A span starts at most a minute before `part_time`, which is indexed. */
const IN_SLICE = `time >= ${MOMENT('$1')} and time < ${MOMENT('$2')} and part_time >= ${MOMENT('$1')} and part_time < ${MOMENT('$2')} + interval '1 minute'
  and service_id = any($3::int[]) and ($7::int[] is null or part_services && $7) and ($4::int[] is null or (part_classes && $4 and class_id = any($4)))
  and ($5::bigint is null or duration_us >= $5) and ($6::bigint is null or duration_us <= $6)`
const sliceParameters = ({ fromUs, toUs }: Slice, { services, named, classes, minUs, maxUs }: Filter) => [fromUs, toUs, services, classes, minUs, maxUs, named]
