import { expect, test } from 'vitest'
import { testDatabase } from '../testing/database.ts'
import { openPool, type DbRole } from './pool.ts'
import { usableRole } from './roles.ts'

/** What each process must not do, whatever bug it has: PostgreSQL itself refuses. */
const FORBIDDEN: [Exclude<DbRole, 'owner'>, string][] = [
  ['heddle_web', 'select * from ca_key'],
  ['heddle_web', 'delete from audit'],
  ['heddle_web', `update audit set actor = 'nobody'`],
  ['heddle_web', 'update revision_change set before = null'],
  ['heddle_web', 'select hash from telemetry_token'],
  ['heddle_web', `update telemetry_token set spiffe_id = ''`],
  ['heddle_web', 'insert into svid (serial) values (1)'],
  ['heddle_control', 'select * from session'],
  ['heddle_control', 'select * from account'],
  ['heddle_control', 'select * from api_token'],
  ['heddle_control', 'select * from web_secret'],
  ['heddle_control', 'delete from audit'],
  ['heddle_collector', 'select * from ca_key'],
  ['heddle_collector', 'select * from "user"'],
  ['heddle_collector', 'select * from account'],
  ['heddle_collector', 'select * from session'],
  ['heddle_collector', 'select * from web_secret'],
  ['heddle_collector', 'select * from sign_in_link'],
  ['heddle_collector', 'select * from join_token'],
  ['heddle_collector', 'select spec from object'],
  ['heddle_collector', `update api_token set role = 'admin'`],
  ['heddle_collector', 'select * from audit'],
]

/** What its work needs, in the words of the code that does it. */
const ALLOWED: [Exclude<DbRole, 'owner'>, string][] = [
  ['heddle_web', `update telemetry_token set revoked_at = now() where mesh = 'local' and proxy = 'p' and revoked_at is null`],
  ['heddle_web', `select spiffe_id from svid where serial = 's' for update`],
  ['heddle_web', `update svid set revoked_at = now(), revoked_reason = 'r' where serial = 's'`],
  ['heddle_web', `update mesh set head = head where name = 'none'`],
  ['heddle_web', `select 1 from telemetry.edge_bucket limit 1`],
  ['heddle_control', `delete from ca_key where ca_id = 'none'`],
  ['heddle_control', `update instance set state = 'ready' where id = 'none'`],
  ['heddle_collector', `select name from api_token where hash = '' and revoked_at is null`],
  ['heddle_collector', `select spiffe_id from telemetry_token where hash = ''`],
]

test('each process has the rights of its work and no more', async () => {
  await using db = await testDatabase()
  for (const role of ['heddle_web', 'heddle_control', 'heddle_collector'] as const) {
    expect(await usableRole(db.url, role)).toBe(role)
    const pool = openPool(db.url, 'test', { role, max: 1 })
    try {
      await pool.query(`insert into audit (actor, action, target, result) values ('test', 'test', 'test', 'ok')`)
      await pool.query('select head from mesh')
      for (const [, sql] of ALLOWED.filter(([allowed]) => allowed === role)) await expect(pool.query(sql), `${role}: ${sql}`).resolves.toBeDefined()
      for (const [, sql] of FORBIDDEN.filter(([forbidden]) => forbidden === role)) await expect(pool.query(sql), `${role}: ${sql}`).rejects.toMatchObject({ code: '42501' })
    } finally {
      await pool.end()
    }
  }
})

test('the audit log is append-only for the owner of the tables too', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into audit (actor, action, target, result) values ('ann', 'sign-in', 'ann', 'ok')`)
  for (const sql of [`update audit set actor = 'eve'`, 'delete from audit', 'truncate audit']) await expect(db.pool.query(sql), sql).rejects.toThrow('append-only')
})

test('where the login may not take a role on, it works as itself', async () => {
  await using db = await testDatabase()
  await db.pool.query(`do $$ begin create role lonely login password 'x'; exception when duplicate_object then null; end $$`)
  const url = new URL(db.url)
  url.username = 'lonely'
  url.password = 'x'
  expect(await usableRole(url.href, 'heddle_web')).toBe('owner')
})
