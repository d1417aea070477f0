import { createHash } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { MeshError } from '#server/contracts/errors.ts'
import { openPool } from '#server/db/pool.ts'
import { testDatabase } from '#server/testing/database.ts'
import { openSenders, type Senders } from './senders.ts'

const codeOf = (senders: Senders, authorization: string | null) => senders.identify(authorization).catch((error: unknown) => (error instanceof MeshError ? error.code : error))

/** The clock alone, so that a token grows old at once. */
function passTime(ms: number): void {
  vi.setSystemTime(Date.now() + ms)
}

test('who shows no token is unattested on loopback, and nobody off it', async () => {
  await using db = await testDatabase()
  expect(await codeOf(openSenders(db.pool, { needCredentials: false }), null)).toEqual({ mesh: 'local', name: null, proxy: null })
  expect(await codeOf(openSenders(db.pool, { needCredentials: true }), null)).toBe('unauthenticated')
})

test('a credential that is no living token is refused, also where none is needed', async () => {
  await using db = await testDatabase()
  const hash = (token: string) => createHash('sha256').update(token).digest()
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local') on conflict do nothing`)
  await db.pool.query(`insert into telemetry_token (hash, mesh, spiffe_id, proxy, revoked_at, expires_at) values ($1, 'local', 's', 'p', null, 'infinity'), ($2, 'local', 's', 'p', now(), 'infinity'), ($3, 'local', 's', 'p', null, now())`, [hash('good'), hash('revoked'), hash('expired')])
  await db.pool.query(`insert into api_token (id, name, prefix, hash, role, created_by, revoked_at, expires_at) values ('1', 'n', 'hdl', $1, 'viewer', 'me', now(), null), ('2', 'n', 'hdl', $2, 'viewer', 'me', null, now())`, [hash('api-revoked'), hash('api-expired')])
  const senders = openSenders(db.pool, { needCredentials: false })
  for (const bad of ['', 'good', 'Basic good', 'Bearer', 'Bearer ', 'Bearer good good', `Bearer ${'x'.repeat(513)}`, 'Bearer nobody', 'Bearer revoked', 'Bearer expired', 'Bearer api-revoked', 'Bearer api-expired']) expect([bad, await codeOf(senders, bad)]).toEqual([bad, 'unauthenticated'])
  expect(await codeOf(senders, 'bearer good')).toEqual({ mesh: 'local', name: 's', proxy: 'p' })
})

test('while the store is away a known sender is believed for a minute, and one who was refused stays so; everybody else comes again', async () => {
  await using db = await testDatabase()
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local') on conflict do nothing`)
  await db.pool.query(`insert into telemetry_token (hash, mesh, spiffe_id, proxy, expires_at) values ($1, 'local', 's', 'p', 'infinity')`, [createHash('sha256').update('good').digest()])
  const pool = openPool(db.url, 'heddle-test')
  const senders = openSenders(pool, { needCredentials: true })
  await codeOf(senders, 'Bearer good')
  await codeOf(senders, 'Bearer nobody')
  await pool.end()
  passTime(50_000)
  expect(await codeOf(senders, 'Bearer good')).toMatchObject({ proxy: 'p' })
  expect(await codeOf(senders, 'Bearer nobody')).toBe('unauthenticated')
  expect(await codeOf(senders, 'Bearer stranger')).toBe('unavailable')
  passTime(11_000)
  expect(await codeOf(senders, 'Bearer good')).toBe('unavailable')
})
