// Counts into their buckets of 10 s, 1 min and 1 h: all three in the caller's transaction, so that they always agree.
import type { PoolClient } from '#server/db/pool.ts'
import { mergeSketch, packSketch, type Sketch } from '#server/otlp/sketch.ts'
import { COUNTS, noCounts, type Contribution, type Counts, type EdgeKey } from './counts.ts'

export const RESOLUTIONS_S = [10, 60, 3600] as const

interface Row extends Counts {
  resolution: number
  bucketMs: number
  edge: number
  evidence: number
  latency: Sketch
}

/** The days of the buckets must exist (`ensureDays`). */
export async function addToBuckets(client: PoolClient, contributions: readonly Contribution[]): Promise<void> {
  if (contributions.length === 0) return
  const edges = await edgeIds(client, contributions.map((contribution) => contribution.edge))
  const rows = new Map<string, Row>()
  for (const contribution of contributions) {
    const edge = edges.get(keyOf(contribution.edge))!  // edgeIds answers for each
    for (const resolution of RESOLUTIONS_S) {
      const bucketMs = Math.floor(contribution.timeMs / (resolution * 1000)) * resolution * 1000
      const key = `${resolution} ${bucketMs} ${edge} ${contribution.evidence}`
      let row = rows.get(key)
      if (!row) rows.set(key, (row = { resolution, bucketMs, edge, evidence: contribution.evidence, latency: new Map(), ...noCounts() }))
      for (const name of COUNTS) row[name] += contribution[name]
      mergeSketch(row.latency, contribution.latency)
    }
  }
  await upsert(client, [...rows.values()])
}

/** In the order of the key, so that two writers never wait for each other in a circle. */
async function upsert(client: PoolClient, rows: Row[]): Promise<void> {
  rows.sort((a, b) => a.resolution - b.resolution || a.bucketMs - b.bucketMs || a.edge - b.edge || a.evidence - b.evidence)
  const columns = [
    rows.map((row) => row.resolution),
    rows.map((row) => new Date(row.bucketMs)),
    rows.map((row) => row.edge),
    rows.map((row) => row.evidence),
    ...COUNTS.map((name) => rows.map((row) => row[name])),
    rows.map((row) => `{${packSketch(row.latency).join(',')}}`),
  ]
  await client.query(UPSERT, columns)
}

const UPSERT = `
  insert into telemetry.edge_bucket as known (resolution, bucket, edge_id, evidence,
    requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency)
  select resolution, bucket, edge_id, evidence,
    requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency::integer[]
  from unnest($1::smallint[], $2::timestamptz[], $3::integer[], $4::smallint[],
    $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[])
    as fresh (resolution, bucket, edge_id, evidence,
      requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency)
  on conflict (resolution, bucket, edge_id, evidence) do update set
    requests = known.requests + excluded.requests, errors = known.errors + excluded.errors, refused = known.refused + excluded.refused,
    retries = known.retries + excluded.retries, mtls = known.mtls + excluded.mtls,
    bytes_sent = known.bytes_sent + excluded.bytes_sent, bytes_received = known.bytes_received + excluded.bytes_received,
    input_tokens = known.input_tokens + excluded.input_tokens, output_tokens = known.output_tokens + excluded.output_tokens,
    duration_us = known.duration_us + excluded.duration_us, latency = telemetry.sketch_add(known.latency, excluded.latency)`

const keyOf = (edge: EdgeKey) => [edge.mesh, edge.source, edge.sourceVersion, edge.target, edge.targetVersion, edge.protocol].join('\0')

/** Numbers of edges, made where they are new. */
async function edgeIds(client: PoolClient, edges: readonly EdgeKey[]): Promise<Map<string, number>> {
  const distinct = [...new Map(edges.map((edge) => [keyOf(edge), edge])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, edge]) => edge)
  const columns = [
    distinct.map((edge) => edge.mesh),
    distinct.map((edge) => edge.source),
    distinct.map((edge) => edge.sourceVersion),
    distinct.map((edge) => edge.target),
    distinct.map((edge) => edge.targetVersion),
    distinct.map((edge) => edge.protocol),
  ]
  const given = 'unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as given (mesh, source, source_version, target, target_version, protocol)'
  const find = `select id, mesh, source, source_version, target, target_version, protocol from telemetry.edge join ${given} using (mesh, source, source_version, target, target_version, protocol)`
  let { rows } = await client.query<EdgeRow>(find, columns)
  if (rows.length < distinct.length) {
    await client.query(`insert into telemetry.edge (mesh, source, source_version, target, target_version, protocol) select * from ${given} on conflict do nothing`, columns)
    rows = (await client.query<EdgeRow>(find, columns)).rows
  }
  return new Map(rows.map((row) => [[row.mesh, row.source, row.source_version, row.target, row.target_version, row.protocol].join('\0'), row.id]))
}

interface EdgeRow {
  id: number
  mesh: string
  source: string
  source_version: string
  target: string
  target_version: string
  protocol: string
}
