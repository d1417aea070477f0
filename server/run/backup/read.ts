import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams'
import { MeshError, messageOf } from '../../contracts/errors.ts'
import { migrationNames } from '../../db/migrate.ts'
import { inTransaction, openPool, type PoolClient } from '../../db/pool.ts'
import { BACKUP_VERSION, END_OF_ROWS, EndLine, Header, TableLine } from './format.ts'

const LINE_END = Buffer.from('\n')

export interface RestoreResult {
  at: string
  rows: Record<string, number>
}

/** Reads a backup into an empty store, all of it or nothing. Throws `conflict` where the store holds anything already. */
export async function readBackup(databaseUrl: string, file: string): Promise<RestoreResult> {
  const pool = openPool(databaseUrl, 'heddle-restore', { max: 1, statementTimeoutMs: 0 })
  try {
    return await inTransaction(pool, async (client) => {
      await refuseFilled(client)
      const result = await readLines(client, file)
      await moveSequences(client)
      await client.query('select telemetry.place_blocks()') // an older Heddle did not say when the spans of a block began
      return result
    })
  } finally {
    await pool.end()
  }
}

async function refuseFilled(client: PoolClient): Promise<void> {
  for (const table of ['"object"', '"revision"', '"user"', '"certificate_authority"', '"svid"']) {
    const { rowCount } = await client.query(`select 1 from ${table} limit 1`)
    if (rowCount !== 0) throw new MeshError('conflict', `the store is not empty: ${table} holds rows. Restore into a home that was never started ("heddle reset" empties this one), or an empty DATABASE_URL`)
  }
  await client.query('delete from "mesh"') // the one that a migration or a start may have put there comes with the backup
  await client.query('delete from "web_secret"')
}

async function readLines(client: PoolClient, file: string): Promise<RestoreResult> {
  const rows: Record<string, number> = {}
  let header: Header | undefined
  let table: { name: string; copy: CopyStreamQuery; rows: number } | undefined
  let whole = false
  for await (const bytes of linesOf(file)) {
    const line = table && bytes.length > END_OF_ROWS.length ? '' : bytes.toString('utf8') // rows go on as the bytes they are
    if (!header) header = await startWith(client, line)
    else if (table && line === END_OF_ROWS) {
      await endCopy(table.copy)
      rows[table.name] = table.rows
      table = undefined
    } else if (table) {
      table.rows += 1
      if (!table.copy.write(Buffer.concat([bytes, LINE_END]))) await once(table.copy, 'drain')
    } else if (line.startsWith('{"table"')) table = startCopy(client, line)
    else whole = isWhole(line, rows)
  }
  if (!header || !whole) throw new MeshError('invalid', `${file} is not a whole backup; nothing was restored`)
  return { at: header.at, rows }
}

async function startWith(client: PoolClient, line: string): Promise<Header> {
  const parsed = Header.safeParse(parseLine(line))
  if (!parsed.success) throw new MeshError('invalid', 'this is no backup of Heddle')
  const known = await migrationNames()
  const stranger = parsed.data.migrations.find((name) => !known.includes(name))
  if (parsed.data.version > BACKUP_VERSION || stranger !== undefined)
    throw new MeshError('conflict', `this backup was written by a newer Heddle${stranger ? ` (migration ${stranger})` : ''}; restore it with that version`)
  for (const day of parsed.data.days) await client.query('select telemetry.ensure_day($1::date)', [day])
  return parsed.data
}

function startCopy(client: PoolClient, line: string): { name: string; copy: CopyStreamQuery; rows: number } {
  const { table, columns } = TableLine.parse(parseLine(line))
  const identifier = /^("[^"]+"|[a-z_][a-z0-9_]*)$/
  if (![...table.split('.'), ...columns].every((name) => identifier.test(name))) throw new MeshError('invalid', `“${table}” is no table of a backup`)
  const copy = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`))
  copy.on('error', () => {}) // reported where it ends
  return { name: table, copy, rows: 0 }
}

async function endCopy(copy: CopyStreamQuery): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    copy.once('finish', resolve)
    copy.once('error', (cause) => reject(new MeshError('invalid', `the backup does not fit the store: ${messageOf(cause)}`, { cause })))
    copy.end()
  })
}

function isWhole(line: string, rows: Record<string, number>): boolean {
  const parsed = EndLine.safeParse(parseLine(line))
  return parsed.success && Object.entries(parsed.data.rows).every(([table, count]) => rows[table] === count)
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null // judged by the schema
  }
}

/** Lines as bytes, without their end. Split at \n alone: a value may hold any other character that ends a line elsewhere. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  const text = createGunzip()
  const source = createReadStream(file)
  pipeline(source, text, () => {}) // the loop below throws what fails
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of text) {
      let bytes = Buffer.concat([rest, chunk as Buffer]) // gunzip gives bytes
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
        yield bytes.subarray(0, end)
        bytes = bytes.subarray(end + 1)
      }
      rest = bytes
    }
  } catch (cause) {
    if (cause instanceof MeshError) throw cause
    throw new MeshError('invalid', `${file} cannot be read as a backup (${messageOf(cause)}); nothing was restored`, { cause })
  }
  if (rest.length > 0) yield rest
}

/** A number that was given out before is not given out again. */
async function moveSequences(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, a.attname as column
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where a.attidentity <> '' and n.nspname in ('public', 'telemetry') and not c.relispartition`,
  )
  for (const { table, column } of rows) {
    await client.query(`select setval(pg_get_serial_sequence($1, $2), coalesce((select max("${column}") from ${table}), 0) + 1, false)`, [table, column])
  }
}
