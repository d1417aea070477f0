import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { testDatabase } from '../../testing/database.ts'
import { readBackup } from './read.ts'
import { writeBackup } from './write.ts'

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-backup-'))
  file = join(directory, 'one.backup')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

// Everything that a line format could trip over.
const HOSTILE = 'a\\b\tc\nd\re\u2028f "g" \\. \\N'

async function fill(db: Db): Promise<void> {
  await db.pool.query(`insert into mesh (name, trust_domain, head) values ('local', 'mesh.local', 7) on conflict (name) do update set head = 7`)
  await db.pool.query(`insert into "object" (mesh, kind, namespace, name, revision, spec) values ('local', 'Agent', 'default', 'shelf', 7, $1)`, [{ description: HOSTILE }])
  await db.pool.query(`insert into "user" (id, name, email) values ('u1', $1, 'a@example.com')`, [HOSTILE])
  await db.pool.query(`insert into session (id, token, "userId", "expiresAt") values ('s1', 't1', 'u1', now() + interval '1 day')`)
  // The child comes first by name: the order must not matter within one table.
  await db.pool.query(`insert into certificate_authority (id, mesh, role, state, subject, serial, pem, not_before, not_after) values ('root', 'local', 'root', 'active', 'r', '01', 'pem', now(), now())`)
  await db.pool.query(`insert into certificate_authority (id, mesh, role, state, parent_id, subject, serial, pem, not_before, not_after) values ('issuer', 'local', 'issuer', 'active', 'root', 'i', '02', 'pem', now(), now())`)
  await db.pool.query(`insert into ca_key (ca_id, key_id, ciphertext) values ('issuer', 'k', $1)`, [Buffer.from([0, 10, 13, 92, 46, 255])])
  await db.pool.query(`insert into svid (serial, mesh, spiffe_id, proxy, issuer_id, not_before, not_after, revoked_at) values ('5', 'local', 'spiffe://x', 'p', 'issuer', now(), now(), now())`)
  await db.pool.query(`insert into audit (actor, action, target, result) select 'a', 'b', 'c', 'ok' from generate_series(1, 3)`)
}

const snapshot = async (db: Db) => {
  const read = async (sql: string) => (await db.pool.query(sql)).rows
  return {
    object: await read('select * from "object"'),
    user: await read('select * from "user"'),
    authorities: await read('select * from certificate_authority order by id'),
    key: await read('select * from ca_key'),
    svid: await read('select * from svid'),
    audit: await read('select * from audit order by seq'),
  }
}

test('a backup holds one moment, and an empty store that reads it is the same', async () => {
  await using from = await testDatabase()
  await using to = await testDatabase()
  await fill(from)
  await writeBackup(from.url, file, { telemetry: true })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await readBackup(to.url, file)
  expect(await snapshot(to)).toEqual(await snapshot(from))
  const { rows } = await to.pool.query<{ head: number; sessions: string }>('select head, (select count(*) from session) as sessions from mesh')
  expect(rows).toEqual([{ head: 7, sessions: '0' }]) // who was signed in is not restored
})

test('numbers that were given out before the backup are not given out again', async () => {
  await using from = await testDatabase()
  await using to = await testDatabase()
  await fill(from)
  await writeBackup(from.url, file, { telemetry: false })
  await readBackup(to.url, file)
  const { rows } = await to.pool.query<{ seq: string }>(`insert into audit (actor, action, target, result) values ('a', 'b', 'c', 'ok') returning seq`)
  expect(rows).toEqual([{ seq: '4' }])
})

test('a store that holds anything is refused and keeps what it has', async () => {
  await using from = await testDatabase()
  await using to = await testDatabase()
  await fill(from)
  await fill(to)
  await writeBackup(from.url, file, { telemetry: false })
  const before = await snapshot(to)
  await expect(readBackup(to.url, file)).rejects.toThrow('the store is not empty')
  expect(await snapshot(to)).toEqual(before)
})

test.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
  ['whole as gzip but without its end', (bytes: Buffer) => gzipSync(gunzipSync(bytes).toString('utf8').split('\n').slice(0, -2).join('\n'))],
  ['of a newer Heddle', (bytes: Buffer) => gzipSync(gunzipSync(bytes).toString('utf8').replace('0001_init', '9999_later'))],
  ['something else', () => gzipSync('{"format":"other"}\n')],
  ['no gzip at all', () => Buffer.from('hello')],
])('a file that is %s restores nothing', async (_what, spoil) => {
  await using from = await testDatabase()
  await using to = await testDatabase()
  await fill(from)
  await writeBackup(from.url, file, { telemetry: false })
  await writeFile(file, spoil(await readFile(file)))
  await expect(readBackup(to.url, file)).rejects.toThrow(/not a whole backup|cannot be read as a backup|newer Heddle|no backup of Heddle/)
  expect((await snapshot(to)).object).toEqual([])
})
