import { expect, test } from 'vitest'
import { testDatabase } from '#server/testing/database.ts'
import { FORGET, forgetOnce } from './forget.ts'

const DAY = 86_400_000

test('what control wrote is forgotten after a month, and nothing that is still in use', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local')`)
  await db.pool.query(`insert into certificate_authority (id, serial, mesh, role, state, subject, pem, not_before, not_after) values ('ca', '01', 'local', 'root', 'active', 'CN=a', 'pem', now(), now() + interval '1 year')`)
  const now = Date.now()
  const ages: [string, number][] = [['old', FORGET.daysKept + 1], ['new', FORGET.daysKept - 1]]
  for (const [name, days] of ages) {
    const at = new Date(now - days * DAY)
    await db.pool.query(`insert into proxy (mesh, id, namespace, agent, version, spiffe_id, last_seen) values ('local', $1, 'default', 'a', 'v1', 'spiffe://mesh.local/ns/default/agent/a', $2)`, [name, at])
    await db.pool.query(`insert into svid (serial, mesh, spiffe_id, proxy, issuer_id, not_before, not_after) values ($1, 'local', 'spiffe://mesh.local/ns/default/agent/a', $1, 'ca', $2, $2)`, [name, at])
    await db.pool.query(`insert into join_token (id, mesh, namespace, agent, hash, created_by, expires_at) values ($1, 'local', 'default', 'a', $2, 'ann', $3)`, [name, Buffer.from(name), at])
  }
  // Away for long, and still with a certificate that lets it come back.
  await db.pool.query(`insert into proxy (mesh, id, namespace, agent, version, spiffe_id, last_seen) values ('local', 'away', 'default', 'a', 'v1', 'spiffe://mesh.local/ns/default/agent/a', $1)`, [new Date(now - 90 * DAY)])
  await db.pool.query(`insert into svid (serial, mesh, spiffe_id, proxy, issuer_id, not_before, not_after) values ('away', 'local', 'spiffe://mesh.local/ns/default/agent/a', 'away', 'ca', now(), now() + interval '1 day')`)

  const names = async (table: string, column: string) => (await db.pool.query<{ name: string }>(`select ${column} as name from ${table} order by 1`)).rows.map(({ name }) => name)
  expect(await forgetOnce(db)).toBe(3)
  expect(await names('proxy', 'id')).toEqual(['away', 'new'])
  expect(await names('svid', 'serial')).toEqual(['away', 'new'])
  expect(await names('join_token', 'id')).toEqual(['new'])
  expect(await forgetOnce(db)).toBe(0)
})
