import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { to as copyTo } from 'pg-copy-streams'
import { inTransaction, openPool, type PoolClient } from '../../db/pool.ts'
import { BACKUP_VERSION, END_OF_ROWS, type Header } from './format.ts'
import { readDays, readTables } from './tables.ts'

export interface BackupResult {
  rows: Record<string, number>
}

/** Writes one moment of the store to `file`, mode 0600, which appears when it is whole. CA keys stay encrypted as they are. */
export async function writeBackup(databaseUrl: string, file: string, options: { telemetry: boolean }): Promise<BackupResult> {
  const pool = openPool(databaseUrl, 'heddle-backup', { max: 1, statementTimeoutMs: 0 })
  const half = `${file}.${process.pid}.part`
  try {
    const rows = await inTransaction(pool, async (client) => {
      await client.query('set transaction isolation level repeatable read, read only')
      return writeFile(client, half, options)
    })
    await rename(half, file)
    return { rows }
  } finally {
    await rm(half, { force: true })
    await pool.end()
  }
}

async function writeFile(client: PoolClient, path: string, options: { telemetry: boolean }): Promise<Record<string, number>> {
  const rows: Record<string, number> = {}
  await pipeline(Readable.from(lines(client, options, rows)), createGzip(), createWriteStream(path, { mode: 0o600, flags: 'wx' }))
  return rows
}

/** Everything in the file; fills `rows` as it goes. */
async function* lines(client: PoolClient, options: { telemetry: boolean }, rows: Record<string, number>): AsyncGenerator<string | Buffer> {
  const { rows: applied } = await client.query<{ name: string }>('select migration_name as name from "_prisma_migrations" where finished_at is not null order by 1')
  const header: Header = {
    format: 'heddle-backup',
    version: BACKUP_VERSION,
    at: new Date().toISOString(),
    migrations: applied.map(({ name }) => name),
    days: options.telemetry ? await readDays(client) : [],
  }
  yield `${JSON.stringify(header)}\n`
  for (const table of await readTables(client, options)) {
    yield `${JSON.stringify({ table: table.name, columns: table.columns })}\n`
    const stream = client.query(copyTo(`copy (select ${table.columns.join(', ')} from ${table.name}) to stdout`))
    for await (const chunk of stream) yield chunk as Buffer // COPY streams bytes
    rows[table.name] = stream.rowCount
    yield `${END_OF_ROWS}\n`
  }
  yield `${JSON.stringify({ end: true, rows })}\n`
}
