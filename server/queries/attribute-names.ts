// What may be searched for: the names and values that recent spans carry.
import type { AttributeName } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { openBlockAside, spanAt } from '#server/otlp/block.ts'
import { RESOURCE, SPAN } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'
import { plainAttributes } from './otlp-value.ts'
import { readSoughtIds } from './sought-ids.ts'
import type { OtlpAttribute, OtlpEvent } from './trace-rows.ts'

const SAMPLE = { ofService: 40, services: 20, blocks: 64, names: 500, values: 8, valueChars: 80 }

interface Place {
  block_id: string
  block_at: number
}

/** From a sample: the newest spans of each service in the window. */
export async function readAttributeNames(db: Db, mesh: string, asked: { service?: string; from: Date; to: Date }): Promise<AttributeName[]> {
  const spans = await newestOfEach(db, mesh, asked)
  const placesOf = Map.groupBy(spans, (span) => span.block_id)
  const { rows } = await db.pool.query<{ id: string; bytes: Buffer }>('select id, bytes from telemetry.span_block where id = any($1::bigint[]) order by id desc limit $2', [[...placesOf.keys()], SAMPLE.blocks])
  const countsOf = new Map<string, Map<string, number>>()
  const resources = new Set<number>()
  for (const { id, bytes } of rows) {
    const block = await openBlockAside(bytes)
    for (const { block_at } of placesOf.get(id) ?? []) {
      const stored = spanAt(block, block_at)
      const span = protobufToJson(stored.bytes, SPAN) as { attributes?: OtlpAttribute[]; events?: OtlpEvent[] } // SPAN describes this shape
      resources.add(stored.resource)
      count(countsOf, span.attributes)
      for (const event of span.events ?? []) count(countsOf, event.attributes)
    }
  }
  const described = await db.pool.query<{ bytes: Buffer }>('select bytes from telemetry.described where id = any($1)', [[...resources]])
  for (const { bytes } of described.rows) count(countsOf, (protobufToJson(bytes, RESOURCE) as { attributes?: OtlpAttribute[] }).attributes) // as above
  return [...countsOf].map(([name, counts]) => ({ name, values: [...counts].sort((a, b) => b[1] - a[1]).slice(0, SAMPLE.values).map(([value]) => value) })).sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, SAMPLE.names)
}

function count(countsOf: Map<string, Map<string, number>>, attributes: readonly OtlpAttribute[] | undefined): void {
  for (const { key, value } of plainAttributes(attributes)) {
    const counts = countsOf.get(key) ?? new Map<string, number>()
    countsOf.set(key, counts)
    const said = typeof value === 'object' ? null : String(value)
    if (said !== null && said.length <= SAMPLE.valueChars) counts.set(said, (counts.get(said) ?? 0) + 1)
  }
}

async function newestOfEach(db: Db, mesh: string, { service, from, to }: { service?: string; from: Date; to: Date }): Promise<Place[]> {
  const { services } = await readSoughtIds(db, mesh, { service })
  const { rows } = await db.pool.query<Place>(NEWEST, [services.slice(-SAMPLE.services), from, to, SAMPLE.ofService])
  return rows
}

// Minute by minute from the newest that has the service (migration 0024), until there are enough; of a part all spans of the service, for the planner
// would sort the spans of a minute rather than its parts.
const NEWEST = `
  select sample.* from unnest($1::int[]) as own (id) cross join lateral (
    select block_id, block_at
    from (select distinct minute from telemetry.span_minute where service_id = own.id and minute > $2::timestamptz - interval '1 minute' and minute < $3::timestamptz + interval '1 minute' order by minute desc) has
    cross join lateral (
      select time, block_id, block_ats, service_ids, before_us from telemetry.span_part
      where time >= minute and time < minute + interval '1 minute' and time >= $2 and service_ids @> array[own.id]
      order by time desc limit $4) part
    cross join lateral unnest(block_ats, service_ids, before_us) as span (block_at, service_id, before_us)
    where service_id = own.id and time - span.before_us * interval '1 microsecond' >= $2 and time - span.before_us * interval '1 microsecond' < $3
    limit $4) sample`
