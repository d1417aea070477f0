// The cookie that stands for a person: who may send it, who may read it, and when it ends, by a clock that the test moves.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SESSION } from '#server/auth/auth.ts'
import { createSignInSecret } from '#server/auth/links.ts'
import { FIRST_ADMIN, ensureFirstAdmin } from '#server/auth/users.ts'
import type { Db } from '#server/db/client.ts'
import { readUser } from '#server/queries/users.ts'
import { TEST_ORIGIN, testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const DAY_MS = 86_400_000
const NAME = 'heddle.session_token'

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => vi.useRealTimers())

async function signIn(db: Db, { settings = {}, headers = {} }: { settings?: Record<string, string>; headers?: Record<string, string> } = {}) {
  const api = await testApi(db, settings)
  await ensureFirstAdmin(db)
  const { id } = (await readUser(db, { email: FIRST_ADMIN }))!
  const secret = await realClock(() => createSignInSecret(db, id))
  const answer = await api.send('/auth/link', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ secret }) })
  expect(answer.status).toBe(200)
  const [cookie = ''] = answer.headers.getSetCookie()
  const status = async (value = cookie.split(';')[0] ?? '') => (await api.send('/auth/session', { headers: { cookie: value, ...headers } })).status
  return { api, cookie, status, attributes: new Set(cookie.split('; ').slice(1)) }
}

/** Links are timed by PostgreSQL, whose clock stays. */
async function realClock<T>(work: () => Promise<T>): Promise<T> {
  const now = Date.now()
  vi.useRealTimers()
  const done = await work()
  vi.useFakeTimers({ toFake: ['Date'], now })
  return done
}

test('reached by https, the cookie is for this host and for https alone', async () => {
  await using db = await testDatabase()
  const { cookie, attributes, status } = await signIn(db, { settings: { HEDDLE_PUBLIC_URL: 'https://heddle.example' }, headers: { host: 'heddle.example' } })
  expect(cookie).toMatch(new RegExp(`^__Host-${NAME.replace('.', '\\.')}=`))
  for (const one of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/']) expect(attributes).toContain(one)
  expect([...attributes].some((one) => one.startsWith('Domain'))).toBe(false)
  expect(await status()).toBe(200)
  expect(await status(cookie.split(';')[0]!.replace('__Host-', ''))).toBe(401) // what a neighbour below the domain could plant
})

test('behind a proxy that says https the cookie is Secure; on loopback it stays usable', async () => {
  await using db = await testDatabase()
  expect((await signIn(db, { headers: { 'x-forwarded-proto': 'https, http' } })).attributes).toContain('Secure')
  const plain = await signIn(db)
  expect(plain.attributes).not.toContain('Secure')
  expect(plain.attributes).toContain('HttpOnly')
  expect(await plain.status()).toBe(200)
})

test('an idle session ends on the server, whatever the browser still holds', async () => {
  await using db = await testDatabase()
  const { status } = await signIn(db)
  vi.setSystemTime(Date.now() + SESSION.idleS * 1000 - 60_000)
  expect(await status()).toBe(200)
  vi.setSystemTime(Date.now() + SESSION.idleS * 1000 + 60_000)
  expect(await status()).toBe(401)
})

test('a busy session lasts as long as its cookie, and not a day longer', async () => {
  await using db = await testDatabase()
  const { status, attributes } = await signIn(db)
  expect(attributes).toContain(`Max-Age=${SESSION.lifeS}`)
  const began = Date.now()
  for (let day = 3; day < 30; day += 3) {
    vi.setSystemTime(began + day * DAY_MS)
    expect(await status(), `day ${day}`).toBe(200)
  }
  vi.setSystemTime(began + SESSION.lifeS * 1000 + 60_000)
  expect(await status()).toBe(401)
})

test('signing out takes the cookie back, and ends the session for whoever kept a copy', async () => {
  await using db = await testDatabase()
  const { api, cookie, status } = await signIn(db)
  const value = cookie.split(';')[0]!
  const out = await api.send('/auth/sign-out', { method: 'POST', headers: { cookie: value, origin: TEST_ORIGIN } })
  expect(out.headers.getSetCookie().find((one) => one.startsWith(`${NAME}=`))).toContain('Max-Age=0')
  expect(await status()).toBe(401)
})
