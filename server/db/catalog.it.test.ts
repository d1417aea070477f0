// The migrations make the tables and prisma/schema.prisma describes them; this holds the two together.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { testDatabase } from '../testing/database.ts'

interface Column {
  type: string
  nullable: boolean
  hasDefault: boolean
}
type Tables = Map<string, { columns: Map<string, Column>; primaryKey: string[] }>

const POSTGRES_TYPE: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Boolean: 'boolean',
  Float: 'double precision',
  Bytes: 'bytea',
  Json: 'jsonb',
  DateTime: 'timestamp with time zone',
}

test('the migrated catalog and the Prisma model are the same, column by column', async () => {
  await using db = await testDatabase()
  const model = parseModel(await readFile(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8'))
  const catalog = await readCatalog(db.pool)
  expect(model.size).toBeGreaterThan(20)
  for (const [table, wanted] of model) {
    const found = catalog.get(table)
    expect(found, `table ${table}`).toBeDefined()
    expect({ table, ...plain(found!) }).toEqual({ table, ...plain(wanted) })
  }
})

test('what the model leaves out is telemetry alone, which is written by COPY and read by SQL', async () => {
  await using db = await testDatabase()
  const model = parseModel(await readFile(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8'))
  const telemetry = await readFile(new URL('../../prisma/migrations/0002_telemetry/migration.sql', import.meta.url), 'utf8').catch(() => '')
  const { rows } = await db.pool.query<{ name: string }>(`select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`)
  const strangers = rows.filter(({ name }) => !model.has(name) && name !== '_prisma_migrations' && !new RegExp(`create table (if not exists )?"?${name}"?\\b`, 'i').test(telemetry))
  expect(strangers).toEqual([])
})

function parseModel(schema: string): Tables {
  const tables: Tables = new Map()
  for (const [, body = ''] of schema.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)) {
    const columns = new Map<string, Column>()
    const names = new Map<string, string>() // field → column
    let primaryKey: string[] = []
    for (const line of body.split('\n').map((text) => text.trim())) {
      const field = /^(\w+)\s+(\w+)(\[\])?(\?)?(.*)$/.exec(line)
      if (!field) continue
      const [, name = '', type = '', list, optional, attributes = ''] = field
      const known = POSTGRES_TYPE[type]
      if (known === undefined) throw new Error(`the test does not know the type of “${line}”`)
      const column = /@map\("([^"]+)"\)/.exec(attributes)?.[1] ?? name
      names.set(name, column)
      if (/@id\b/.test(attributes)) primaryKey = [column]
      columns.set(column, { type: list ? 'ARRAY' : attributes.includes('@db.Uuid') ? 'uuid' : known, nullable: optional === '?', hasDefault: /@default/.test(attributes) && !/@default\((cuid|uuid)\(/.test(attributes) })
    }
    const composite = /@@id\(\[([^\]]+)\]\)/.exec(body)?.[1]
    if (composite) primaryKey = composite.split(',').map((name) => names.get(name.trim()) ?? name.trim())
    const table = /@@map\("([^"]+)"\)/.exec(body)?.[1]
    if (table) tables.set(table, { columns, primaryKey })
  }
  return tables
}

async function readCatalog(pool: { query<T extends object>(sql: string): Promise<{ rows: T[] }> }): Promise<Tables> {
  const columns = await pool.query<{ table: string; column: string; type: string; nullable: boolean; has_default: boolean }>(
    `select table_name as table, column_name as column, data_type as type, is_nullable = 'YES' as nullable,
            (column_default is not null or is_identity = 'YES') as has_default
       from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position`,
  )
  const keys = await pool.query<{ table: string; columns: string[] }>(
    `select c.conrelid::regclass::text as table, array_agg(a.attname::text order by k.ordinal) as columns
       from pg_constraint c cross join lateral unnest(c.conkey) with ordinality k(attnum, ordinal)
       join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum
      where c.contype = 'p' and c.connamespace = 'public'::regnamespace group by c.conrelid`,
  )
  const tables: Tables = new Map()
  for (const row of columns.rows) {
    const table = tables.get(row.table) ?? { columns: new Map<string, Column>(), primaryKey: [] }
    table.columns.set(row.column, { type: row.type, nullable: row.nullable, hasDefault: row.has_default })
    tables.set(row.table, table)
  }
  for (const { table, columns: key } of keys.rows) {
    const found = tables.get(table.replaceAll('"', ''))
    if (found) found.primaryKey = key
  }
  return tables
}

const plain = ({ columns, primaryKey }: { columns: Map<string, Column>; primaryKey: string[] }) => ({ columns: Object.fromEntries([...columns].sort()), primaryKey })
