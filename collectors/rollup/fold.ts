// Appended counts become rows of 10 s, 1 min and 1 h: taken and added in one transaction, so that a kill loses and doubles nothing.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { inTransaction, type Pool, type PoolClient } from '#server/db/pool.ts'
import { mergeSketch, packSketch, unpackSketch, type Sketch } from '#server/otlp/sketch.ts'
import { ensureDays } from '../days.ts'
import { COUNTS, noCounts, type Counts } from './counts.ts'

export const RESOLUTIONS_S = [10, 60, 3600] as const
const EVERY_MS = 2000
/** Of one transaction. */
const ROWS_MAX = 2000
/** Added before others have their turn: senders wait for this thread. */
const ROWS_AT_ONCE = 50

interface DeltaRow extends Record<keyof Counts, string> {
  bucket: Date
  evidence: number
  edge_id: number
  /** `{index,count,…}`: read as text, an array of numbers costs ten times as much. */
  latency: string
}

interface Row extends Counts {
  resolution: number
  bucketMs: number
  edge: number
  evidence: number
  latency: Sketch
}

/** Folds every two seconds for as long as this process leads. */
export async function keepFolding(pool: Pool, signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    while (!signal.aborted && (await foldDeltas(pool).catch(say)) === ROWS_MAX);
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {}) // woken by the end of the leadership
  }
  function say(error: unknown): number {
    if (!signal.aborted) onError(error)
    return 0
  }
}

/** One round; answers how many rows it took. Rows that another process folds just now are left to it. */
export async function foldDeltas(pool: Pool): Promise<number> {
  const { rows: days } = await pool.query<{ us: string }>(`select distinct (extract(epoch from date_trunc('day', bucket, 'UTC')) * 1000000)::bigint as us from telemetry.edge_delta`)
  if (days.length === 0) return 0
  await ensureDays(pool, days.map((day) => Number(day.us)))
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<DeltaRow>(TAKE, [ROWS_MAX, days.map((day) => new Date(Number(day.us) / 1000))])
    if (rows.length > 0) await upsert(client, await bucketsOf(rows))
    return rows.length
  })
}

// Of days that are sure to have a partition; a delta of another day came meanwhile, and is for the next round.
const TAKE = `
  delete from telemetry.edge_delta where ctid = any(array(
    select ctid from telemetry.edge_delta where date_trunc('day', bucket, 'UTC') = any($2::timestamptz[]) limit $1 for update skip locked))
  returning bucket, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent as "bytesSent", bytes_received as "bytesReceived",
    input_tokens as "inputTokens", output_tokens as "outputTokens", duration_us as "durationUs", latency::text as latency`

async function bucketsOf(deltas: readonly DeltaRow[]): Promise<Row[]> {
  const rows = new Map<string, Row>()
  for (const [index, delta] of deltas.entries()) {
    if (index % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await nextTurn()
    const latency = unpackSketch(JSON.parse(`[${delta.latency.slice(1, -1)}]`) as number[]) // integer[] as PostgreSQL prints it
    for (const resolution of RESOLUTIONS_S) {
      const bucketMs = Math.floor(delta.bucket.getTime() / (resolution * 1000)) * resolution * 1000
      const key = `${resolution} ${bucketMs} ${delta.edge_id} ${delta.evidence}`
      let row = rows.get(key)
      if (!row) rows.set(key, (row = { resolution, bucketMs, edge: delta.edge_id, evidence: delta.evidence, latency: new Map(), ...noCounts() }))
      for (const name of COUNTS) row[name] += Number(delta[name])
      mergeSketch(row.latency, latency)
    }
  }
  return [...rows.values()]
}

/** In the order of the key, so that two writers never wait for each other in a circle. */
async function upsert(client: PoolClient, rows: Row[]): Promise<void> {
  rows.sort((a, b) => a.resolution - b.resolution || a.bucketMs - b.bucketMs || a.edge - b.edge || a.evidence - b.evidence)
  await client.query(UPSERT, [
    rows.map((row) => row.resolution),
    rows.map((row) => new Date(row.bucketMs)),
    rows.map((row) => row.edge),
    rows.map((row) => row.evidence),
    ...COUNTS.map((name) => rows.map((row) => row[name])),
    rows.map((row) => `{${packSketch(row.latency).join(',')}}`),
  ])
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
