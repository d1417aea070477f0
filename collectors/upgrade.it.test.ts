import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Pool } from '#server/db/pool.ts'
import { testDatabase } from '#server/testing/database.ts'

const migrate = async (pool: Pool, migration: string) => void (await pool.query(await readFile(new URL(`../prisma/migrations/${migration}/migration.sql`, import.meta.url), 'utf8')))

const OLD_SPANS = `
  insert into telemetry.span (time, trace_id, span_id, parent_id, duration_us, block_id, block_at, service_id, operation_id, flags, kind, status, protocol, http_status, peer, gen_ai_model)
  select now() + (n % 2) * interval '1 day', gen_random_uuid(), n, case when n % 3 = 0 then null else 1 end, 5, 1, 0, 1 + n % 2, 1 + n % 2, 0, n % 6, n % 3, 1, 200 + n % 5,
    case when n % 2 = 0 then 'h' end, 'm' || n % 4 from generate_series(1, 3000) n`

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
})
