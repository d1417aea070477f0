import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Pool } from '#server/db/pool.ts'
import { testDatabase } from '#server/testing/database.ts'

const migrate = async (pool: Pool, migration: string) => void (await pool.query(await readFile(new URL(`../prisma/migrations/${migration}/migration.sql`, import.meta.url), 'utf8')))

const OLD_SPANS = `
  insert into telemetry.span (time, trace_id, span_id, parent_id, duration_us, block_id, block_at, service_id, operation_id, flags, kind, status, protocol, http_status, peer, gen_ai_model)
  select now() + (n % 2) * interval '1 day', gen_random_uuid(), n, case when n % 3 = 0 then null else 1 end, 5, 1, 0, 1 + n % 2, 1 + n % 2, 0, n % 6, n % 3, 1, 200 + n % 5,
    case when n % 2 = 0 then 'h' end, 'm' || n % 4 from generate_series(1, 3000) n`

/** As `0004` keeps them: long traces over two days and several minutes, some of a conversation, some with tokens. */
const ROWS = `
  insert into telemetry.span (time, trace_id, span_id, parent_id, duration_us, block_id, block_at, service_id, class_id, flags, input_tokens, output_tokens, bytes_sent, bytes_received, gen_ai_conversation)
  select now() + (n % 2) * interval '1 day' + n * 17 * interval '1 millisecond', ('00000000-0000-0000-0000-00000000000' || n % 7)::uuid, n * 7919::bigint - 5000000, nullif(n % 11, 0), n * 1000, n % 5, n, 1 + n % 2,
    (select min(id) from telemetry.span_class), n % 128, nullif(n % 3, 0), case when n % 7 = 1 then n end, case when n % 7 = 2 then n * 1e10 end, null, case when n % 7 = 3 then 'talk ' || n % 2 end
  from generate_series(1, 6000) n`

test('spans that an older Heddle stored are all there after an upgrade, in their days and with their names', async () => {
  await using store = await testDatabase('template1') // to be migrated as far as an older Heddle did
  await store.pool.query('create table _prisma_migrations ()') // the first migration grants rights on it
  for (const migration of ['0001_init', '0002_telemetry']) await migrate(store.pool, migration)
  await store.pool.query(`insert into telemetry.service (mesh, namespace, name, version, proxy) values ('local', 'default', 'a', '', false), ('local', 'default', 'b', '', false)`)
  await store.pool.query(`insert into telemetry.operation (service_id, name) values (1, 'GET'), (2, 'POST')`)
  await store.pool.query(OLD_SPANS)
  const summary = (kind: string, entry: string) => `select count(*)::int as spans, count(distinct tableoid)::int as days, sum((${entry})::int)::int as entries, ${kind} as classes from telemetry.span`
  const { rows: before } = await store.pool.query(summary('count(distinct (service_id, operation_id, kind, status, protocol, http_status, peer, gen_ai_model))::int', 'parent_id is null or kind in (2, 5)'))
  for (const migration of ['0003_telemetry_counts', '0004_telemetry_classes']) await migrate(store.pool, migration)
  const { rows: after } = await store.pool.query(summary('count(distinct class_id)::int', 'flags & 64 <> 0'))
  expect(after).toEqual(before)
  const { rows } = await store.pool.query(`select service, name, kind, status, http_status, peer, gen_ai_model from telemetry.spans where span_id = '000000000000000a'`)
  expect(rows).toEqual([{ service: 'a', name: 'GET', kind: 'producer', status: 'ok', http_status: 200, peer: 'h', gen_ai_model: 'm2' }])

  await migrate(store.pool, '0013_sessions')
  await store.pool.query(ROWS)
  const EACH = `select time, trace_id, span_id, parent_id, duration_us, block_id, block_at, service_id, class_id, flags, input_tokens, output_tokens, bytes_sent, bytes_received, gen_ai_conversation
    from telemetry.span order by span_id, block_at`
  const TRACES = `select time, trace_id, duration_ms, spans, failed, conversation, root_name from telemetry.traces where trace_id < '00000000-0000-0000-0000-000000000010' order by trace_id`
  const [spans, traces] = [await store.pool.query(EACH), await store.pool.query(TRACES)]
  await migrate(store.pool, '0024_span_parts')
  expect(spans.rows).toHaveLength(9000)
  expect((await store.pool.query(EACH)).rows).toEqual(spans.rows)
  expect((await store.pool.query(TRACES)).rows).toEqual(traces.rows)
  const { rows: [parts] } = await store.pool.query<{ rows: number; days: number; widest: number; misplaced: number }>(`
    select count(*)::int as rows, count(distinct tableoid)::int as days, max((select max(before) from unnest(before_us) before))::int as widest,
      count(*) filter (where to_char(time at time zone 'UTC', 'YYYYMMDD') <> right(tableoid::regclass::text, 8))::int as misplaced from telemetry.span_part`)
  expect((await store.pool.query('select from telemetry.span_part where failed <> (select bool_or(flag & 8 <> 0) from unnest(flags) flag)')).rowCount).toBe(0)
  expect(parts).toMatchObject({ days: 2, misplaced: 0 })
  expect(parts!.rows).toBeLessThan(4500) // an aggregate gives a row
  expect(parts!.widest).toBeLessThan(60_000_000)
  const MISSING = `select distinct date_trunc('minute', time, 'UTC'), service_id, class_id from telemetry.span_part cross join lateral unnest(service_ids, class_ids) as each (service_id, class_id)
    except select minute, service_id, class_id from telemetry.span_minute`
  expect((await store.pool.query(MISSING)).rows).toEqual([]) // a search finds them

  await store.pool.query(`insert into telemetry.span_block select min(date_trunc('day', time, 'UTC')), block_id, '\\x00'::bytea from telemetry.span group by block_id`)
  await migrate(store.pool, '0027_block_terms')
  const BLOCKS = `select id, oldest, newest, terms from telemetry.span_block order by id`
  const PLACED = `select block_id as id, min(time) as oldest, max(time) as newest, null as terms from telemetry.span group by 1 order by 1`
  expect((await store.pool.query(BLOCKS)).rows).toEqual((await store.pool.query(PLACED)).rows) // a search opens them
})
