// Citus itself cannot be run here. What can be held on a plain PostgreSQL: that the tables are as its documentation asks, that the SQL over
// them has nothing that it names as unsupported, and which of its functions are called with what.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../testing/database.ts'
import { DISTRIBUTED, distributeTelemetry, hasCitus, LOCAL, REFERENCE } from './citus.ts'
import type { Db } from './client.ts'

let db: Db & AsyncDisposable
beforeAll(async () => (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const kindOf = (table: string) => (table in DISTRIBUTED ? 'distributed' : REFERENCE.includes(table) ? 'reference' : 'local')

test('every table of telemetry has its place', async () => {
  const { rows } = await db.pool.query<{ name: string }>(`select relname as name from pg_class where relnamespace = 'telemetry'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`)
  expect([...Object.keys(DISTRIBUTED), ...REFERENCE, ...Object.keys(LOCAL)].sort()).toEqual(rows.map(({ name }) => name))
})

test('every unique key of a distributed table has its column', async () => {
  const { rows } = await db.pool.query<{ table: string; columns: string[] }>(
    `select c.relname as table, array(select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = any(i.indkey::smallint[]))::text[] as columns
     from pg_index i join pg_class c on c.oid = i.indrelid where i.indisunique and c.relnamespace = 'telemetry'::regnamespace and not c.relispartition`,
  )
  const distributed = rows.filter(({ table }) => table in DISTRIBUTED)
  expect(distributed.map(({ table }) => table).sort()).toEqual(['edge_bucket', 'span_block'])
  for (const { table, columns } of distributed) expect(columns, table).toContain(DISTRIBUTED[table])
})

test('no foreign key leads to or from a distributed table, and those of reference tables lead to earlier ones', async () => {
  const { rows } = await db.pool.query<{ from: string; to: string }>(`select conrelid::regclass::text as from, confrelid::regclass::text as to from pg_constraint where contype = 'f'`)
  const ours = rows.filter(({ from, to }) => `${from} ${to}`.includes('telemetry.')).map(({ from, to }) => [from.replace('telemetry.', ''), to.replace('telemetry.', '')] as const)
  expect(ours.length).toBeGreaterThan(0)
  for (const [from, to] of ours) {
    expect([kindOf(from), kindOf(to)], `${from} → ${to}`).toEqual(['reference', 'reference'])
    expect(REFERENCE.indexOf(to), `${from} → ${to}`).toBeLessThan(REFERENCE.indexOf(from))
  }
})

test('a distributed table has no trigger, no identity and one level of partitions', async () => {
  const tables = Object.keys(DISTRIBUTED).map((table) => `telemetry.${table}`)
  const { rows: triggers } = await db.pool.query('select tgname from pg_trigger where not tgisinternal and tgrelid = any($1::text[]::regclass[])', [tables])
  const { rows: identities } = await db.pool.query(`select attname from pg_attribute where attidentity <> '' and attrelid = any($1::text[]::regclass[])`, [tables])
  const { rows: deep } = await db.pool.query(`select child.relname from pg_inherits join pg_class child on child.oid = inhrelid where child.relkind = 'p' and inhparent = any($1::text[]::regclass[])`, [tables])
  expect([triggers, identities, deep]).toEqual([[], [], []])
})

// https://docs.citusdata.com/en/stable/develop/reference_workarounds.html
const UNSUPPORTED = /\bfor update\b|\btablesample\b|\bwith recursive\b|\bgrouping sets\b|\bmerge into\b/i

test('no statement over a distributed table uses what Citus does not support, and none joins two of them', () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'server', 'collectors'], { cwd: new URL('../..', import.meta.url), encoding: 'utf8' }).split('\n').filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing\/|db\/citus/.test(path))
  const names = new RegExp(`telemetry\\.(${[...Object.keys(DISTRIBUTED), 'edge_count', 'outcome_count'].join('|')})\\b`, 'g')
  const statements = files.flatMap((path) => [...readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8').matchAll(/`[^`]*`|'[^'\n]*'/g)].map(([text]) => ({ path, text, tables: new Set([...text.matchAll(names)].map(([, table]) => table)) }))).filter(({ text, tables }) => tables.size > 0 && /\b(select|insert|update|delete)\b/i.test(text))
  expect(statements.length).toBeGreaterThan(10)
  for (const { path, text, tables } of statements) {
    expect(text, path).not.toMatch(UNSUPPORTED)
    expect([...tables].filter((table) => table !== 'edge_count' && table !== 'outcome_count').length, `${path}: ${text.slice(0, 200)}`).toBeLessThan(2)
  }
})

test('without Citus nothing is asked of it; with it each table is spread once, and the disk limit asks its workers', async () => {
  expect(await hasCitus(db.pool as never)).toBe(false)
  const client = await db.pool.connect()
  try {
    // Functions of these names that write down what they were called with: this shows the calls, and nothing of what Citus makes of them.
    await client.query(`
      begin;
      create table public.pg_dist_partition (logicalrelid regclass primary key, said text not null);
      create function public.create_reference_table(name regclass) returns void language sql as $$ insert into public.pg_dist_partition values (name, 'everywhere') $$;
      create function public.create_distributed_table(name regclass, by text) returns void language sql as $$ insert into public.pg_dist_partition values (name, by) $$;
      create function public.citus_total_relation_size(name regclass) returns bigint language sql as $$ select 1000000000000::bigint $$`)
    expect(await distributeTelemetry(client)).toEqual([...REFERENCE, ...Object.keys(DISTRIBUTED)])
    const { rows } = await client.query<{ name: string; said: string }>('select logicalrelid::text as name, said from pg_dist_partition')
    expect(Object.fromEntries(rows.map(({ name, said }) => [name.replace('telemetry.', ''), said]))).toEqual({ ...DISTRIBUTED, ...Object.fromEntries(REFERENCE.map((table) => [table, 'everywhere'])) })
    expect(await distributeTelemetry(client)).toEqual([])
    const before = await client.query<{ bytes: string }>('select max(bytes) as bytes from telemetry.days()')
    await client.query(`insert into pg_dist_partition select inhrelid, 'id' from pg_inherits where inhparent = 'telemetry.span_block'::regclass`)
    const after = await client.query<{ bytes: string }>('select max(bytes) as bytes from telemetry.days()')
    expect([Number(before.rows[0]?.bytes) < 1e12, Number(after.rows[0]?.bytes) >= 1e12]).toEqual([true, true])
  } finally {
    await client.query('rollback')
    client.release()
  }
})
