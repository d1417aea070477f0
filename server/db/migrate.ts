// Applies prisma/migrations in order, keeping the rows that Prisma's own `migrate deploy` would (docs/decisions/0002-migrations.md).
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { MeshError } from '../contracts/errors.ts'
import { distributeTelemetry, hasCitus } from './citus.ts'
import { openPool, type PoolClient } from './pool.ts'

const MIGRATIONS = new URL('../../prisma/migrations/', import.meta.url)
const LOCK_KEY = 7_232_911 // one applier at a time, whoever starts first

/** Returns the names applied now. Throws `conflict` when an applied migration has changed since, touching nothing. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const pool = openPool(databaseUrl, 'heddle-migrate', { max: 1, statementTimeoutMs: 0 })
  const client = await pool.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY])
    await client.query(`create table if not exists "_prisma_migrations" (
      id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
      logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`)
    const applied = await readApplied(client)
    const now: string[] = []
    for (const name of await migrationNames()) {
      const sql = await readFile(new URL(`${name}/migration.sql`, MIGRATIONS), 'utf8')
      const checksum = createHash('sha256').update(sql).digest('hex')
      const known = applied.get(name)
      if (known === checksum) continue
      if (known !== undefined) throw new MeshError('conflict', `migration ${name} was applied in another form; this store belongs to another version of Heddle`)
      await applyOne(client, name, sql, checksum)
      now.push(name)
    }
    if (await hasCitus(client)) await distributeTelemetry(client)
    return now
  } finally {
    client.release(true) // ends the session and with it the advisory lock
    await pool.end()
  }
}

export async function migrationNames(): Promise<string[]> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort()
}

async function readApplied(client: PoolClient): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'select migration_name, checksum from "_prisma_migrations" where finished_at is not null and rolled_back_at is null',
  )
  return new Map(rows.map((row) => [row.migration_name, row.checksum]))
}

/** The migration and its row are one transaction: a kill in the middle leaves nothing half made. */
async function applyOne(client: PoolClient, name: string, sql: string, checksum: string): Promise<void> {
  try {
    await client.query('begin')
    await client.query(sql)
    await client.query(
      'insert into "_prisma_migrations" (id, checksum, finished_at, migration_name, applied_steps_count) values ($1, $2, now(), $3, 1)',
      [randomUUID(), checksum, name],
    )
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    throw new MeshError('internal', `migration ${name} failed and was rolled back`, { cause })
  }
}
