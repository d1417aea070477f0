import type { Pool, PoolClient } from '#server/db/pool.ts'
import { packSketch } from '#server/otlp/sketch.ts'
import { COUNTS, keyOfEdge, type Contribution } from './counts.ts'
import type { EdgeIds } from './edge-ids.ts'

/** Where counts of edges go. */
export interface EdgeStore {
  pool: Pool
  edges: EdgeIds
}

/**
 * Appends to what is folded into buckets later; every reader sees it from the commit on. Edges that are new get their numbers over
 * another connection of the pool: a number is true whatever becomes of this transaction.
 */
export async function addDeltas(client: PoolClient, { edges }: EdgeStore, changes: readonly Contribution[]): Promise<void> {
  if (changes.length === 0) return
  const ids = await edges.of(changes.map((change) => change.edge))
  await client.query({ name: 'edge-deltas', text: ADD, values: [
    changes.map((change) => new Date(change.timeMs)),
    changes.map((change) => change.evidence),
    changes.map((change) => ids.get(keyOfEdge(change.edge))!), // `of` answers for each
    ...COUNTS.map((name) => changes.map((change) => change[name])),
    changes.map((change) => `{${packSketch(change.latency).join(',')}}`),
  ] })
}

const ADD = `
  insert into telemetry.edge_delta (bucket, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency)
  select bucket, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency::integer[]
  from unnest($1::timestamptz[], $2::smallint[], $3::integer[],
    $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::text[])
    as fresh (bucket, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency)`
