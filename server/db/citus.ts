// Where the extension Citus is there, the bulk of the telemetry is spread over its workers. docs/citus.md says what was proven, which is little:
// Citus could not be run where Heddle is made, so the tables and their SQL are held to what its documentation says.
import type { Pool, PoolClient } from './pool.ts'

/** Tables of `telemetry` that are spread, each by a column that all of its unique keys have. They are written by COPY, or by a key that has it. */
export const DISTRIBUTED: Record<string, string> = {
  span_block: 'id',
  span_content: 'trace_id',
  log: 'trace_id',
  edge_bucket: 'edge_id',
}

/** Small, and joined with those: a copy on every node. In an order in which each comes after those that it refers to. */
export const REFERENCE: readonly string[] = ['sender', 'service', 'operation', 'span_class', 'described', 'edge']

/** What stays on the coordinator, and why. */
export const LOCAL: Record<string, string> = {
  span_part: 'a search reads the newest few of each minute, with LIMIT in a lateral subquery, which Citus does not push down',
  span_minute: 'joined with span_part',
  edge_delta: 'is taken with FOR UPDATE SKIP LOCKED, which Citus has within one shard alone',
  turn: 'one row that collectors wait for',
  proxy_counter: 'small',
  ingest: 'small',
  scrape: 'small',
}

/** Whether this database has Citus. */
export async function hasCitus(client: Pick<Pool, 'query'>): Promise<boolean> {
  return (await client.query(`select from pg_extension where extname = 'citus'`)).rowCount === 1
}

/**
 * Spreads what is not spread yet; answers its tables. Days that are made later are attached to a spread table, and so are spread with it.
 * https://docs.citusdata.com/en/stable/develop/api_udf.html
 */
export async function distributeTelemetry(client: Pick<PoolClient, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select logicalrelid::text as name from pg_dist_partition')
  const spread = new Set(rows.map(({ name }) => name))
  const done: string[] = []
  for (const table of REFERENCE) {
    if (spread.has(`telemetry.${table}`)) continue
    await client.query('select create_reference_table($1::regclass)', [`telemetry.${table}`])
    done.push(table)
  }
  for (const [table, column] of Object.entries(DISTRIBUTED)) {
    if (spread.has(`telemetry.${table}`)) continue
    await client.query('select create_distributed_table($1::regclass, $2)', [`telemetry.${table}`, column])
    done.push(table)
  }
  await client.query(TABLE_BYTES)
  return done
}

// On the coordinator a spread table takes no room: the disk limit has to ask its workers.
const TABLE_BYTES = `
  create or replace function telemetry.table_bytes("table" oid) returns bigint language sql stable set search_path = pg_catalog, public, pg_temp as $$
    select case when exists (select from pg_dist_partition where logicalrelid = "table") then citus_total_relation_size("table") else pg_total_relation_size("table") end
  $$`
