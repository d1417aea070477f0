// What may be searched for: the names and values that recent spans carry.
import type { AttributeName } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { openBlockAside, spanAt } from '#server/otlp/block.ts'
import { RESOURCE, SPAN } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'
import { plainAttributes } from './otlp-value.ts'
import type { OtlpAttribute, OtlpEvent } from './trace-rows.ts'

const SAMPLE = { ofService: 40, spans: 800, blocks: 64, names: 500, values: 8, valueChars: 80 }

/** From a sample: the newest spans of each service in the window. */
export async function readAttributeNames(db: Db, mesh: string, asked: { service?: string; from: Date; to: Date }): Promise<AttributeName[]> {
  const { rows: spans } = await db.pool.query<{ block_id: string; block_at: number }>(SPANS, [mesh, asked.service ?? null, asked.from, asked.to, SAMPLE.ofService, SAMPLE.spans])
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

const SPANS = `
  select newest.block_id, newest.block_at from telemetry.service cross join lateral (
    select block_id, block_at from telemetry.span where service_id = service.id and time >= $3 and time < $4
      and date_bin('10 seconds', time, '2000-01-01 00:00:00+00') >= date_bin('10 seconds', $3::timestamptz, '2000-01-01 00:00:00+00') and date_bin('10 seconds', time, '2000-01-01 00:00:00+00') <= $4
    order by date_bin('10 seconds', time, '2000-01-01 00:00:00+00') desc limit $5) newest
  where mesh = $1 and ($2::text is null or name = $2 or namespace || '/' || name = $2) limit $6`
