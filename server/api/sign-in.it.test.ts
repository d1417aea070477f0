import { expect, test } from 'vitest'
import { createSignInSecret } from '#server/auth/links.ts'
import { FIRST_ADMIN, ensureFirstAdmin } from '#server/auth/users.ts'
import type { Db } from '#server/db/client.ts'
import { readUser } from '#server/queries/users.ts'
import { TEST_ORIGIN, testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const PASSWORD = 'correct horse battery staple'

async function withAdmin(db: Db) {
  const api = await testApi(db)
  await ensureFirstAdmin(db)
  const admin = (await readUser(db, { email: FIRST_ADMIN }))!
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) => api.send(path, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) })
  const byLink = async (headers: Record<string, string> = {}) => post('/auth/link', { secret: await createSignInSecret(db, admin.id) }, headers)
  const actions = async () => (await db.pool.query<{ line: string }>(`select action || ' ' || target || ' ' || result as line from audit order by seq`)).rows.map((row) => row.line)
  return { api, admin, post, byLink, actions }
}

const cookieOf = (response: Response) => response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ')

test('the first start makes one administrator, and only the first', async () => {
  await using db = await testDatabase()
  await ensureFirstAdmin(db)
  await ensureFirstAdmin(db)
  expect((await db.pool.query('select email, role from "user"')).rows).toEqual([{ email: FIRST_ADMIN, role: 'admin' }])
})

test('a link signs in once, with a cookie that scripts cannot read; a GET does not use it up', async () => {
  await using db = await testDatabase()
  const { api, admin, post, actions } = await withAdmin(db)
  const secret = await createSignInSecret(db, admin.id)
  await api.send(`/auth/link?secret=${secret}`) // what a mail scanner does
  const signedIn = await post('/auth/link', { secret })
  expect(signedIn.status).toBe(200)
  expect(signedIn.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax/)
  expect(await (await api.send('/auth/session', { headers: { cookie: cookieOf(signedIn) } })).json()).toMatchObject({ name: FIRST_ADMIN, role: 'admin' })
  expect((await post('/auth/link', { secret })).status).toBe(401)
  expect((await db.pool.query('select hash from sign_in_link')).rows[0].hash.toString('utf8')).not.toContain(secret)
  expect(await actions()).toEqual([`user.create ${FIRST_ADMIN} ok`, `sign-in ${FIRST_ADMIN} ok`, 'sign-in a link denied'])
})

test('an expired link is not taken', async () => {
  await using db = await testDatabase()
  const { admin, post } = await withAdmin(db)
  const secret = await createSignInSecret(db, admin.id)
  await db.pool.query(`update sign_in_link set expires_at = now() - interval '1 second'`)
  expect((await post('/auth/link', { secret })).status).toBe(401)
})

test('signing in gives a new session whatever the browser brought, and signing out ends it on the server', async () => {
  await using db = await testDatabase()
  const { api, byLink } = await withAdmin(db)
  const planted = 'heddle.session_token=planted.by-somebody-else'
  const first = cookieOf(await byLink({ cookie: planted }))
  const second = cookieOf(await byLink({ cookie: first }))
  expect(first).not.toContain('planted')
  expect(second).not.toBe(first)
  const out = await api.send('/auth/sign-out', { method: 'POST', headers: { cookie: second, origin: TEST_ORIGIN } })
  expect(out.status).toBe(200)
  expect((await api.send('/auth/session', { headers: { cookie: second } })).status).toBe(401)
})

test('a password is set, signs in, and ends the other sessions; a wrong one is slowed down with Retry-After', async () => {
  await using db = await testDatabase()
  const { api, post, byLink } = await withAdmin(db)
  const [mine, other] = [cookieOf(await byLink()), cookieOf(await byLink())]
  const set = (body: object, cookie = mine) => api.send('/auth/password', { method: 'PUT', headers: { ...JSON_TYPE, cookie, origin: TEST_ORIGIN }, body: JSON.stringify(body) })
  expect((await set({ password: 'short' })).status).toBe(422)
  expect((await set({ password: PASSWORD })).status).toBe(200)
  expect((await api.send('/auth/session', { headers: { cookie: other } })).status).toBe(401)
  expect((await set({ current: 'wrong', password: 'another long password' })).status).toBe(401)
  expect((await post('/auth/sign-in', { email: FIRST_ADMIN, password: PASSWORD })).status).toBe(200)

  const guess = (peer: string) => post('/auth/sign-in', { email: FIRST_ADMIN, password: 'guess' }, { 'x-heddle-peer': peer })
  for (let tries = 0; tries < 5; tries++) expect((await guess('192.0.2.1')).status).toBe(401)
  const slowed = await guess('192.0.2.1')
  expect(slowed.status).toBe(429)
  expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await post('/auth/sign-in', { email: FIRST_ADMIN, password: PASSWORD }, { 'x-heddle-peer': '192.0.2.2' })).status).toBe(200) // the person is not locked out
})

test('nobody signs up', async () => {
  await using db = await testDatabase()
  const { post } = await withAdmin(db)
  for (const path of ['/auth/sign-up/email', '/auth/sign-up', '/auth/sign-in/email']) expect((await post(path, { email: 'eve@example.com', password: PASSWORD, name: 'Eve' })).status).toBe(401)
  expect((await db.pool.query('select count(*)::int as n from "user"')).rows[0].n).toBe(1)
})

test('a change of role ends the sessions and the tokens above it; the last administrator stays', async () => {
  await using db = await testDatabase()
  const { api, admin, byLink } = await withAdmin(db)
  const asAdmin = api.as('admin')
  const made = await (await asAdmin.post('/users', { email: 'ann@example.com', role: 'operator' })).json()
  const secret = made.signInUrl.split('#link=')[1]
  const ann = cookieOf(await api.send('/auth/link', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ secret }) }))
  const token = await (await api.send('/tokens', { method: 'POST', headers: { ...JSON_TYPE, cookie: ann, origin: TEST_ORIGIN }, body: JSON.stringify({ name: 'ci', role: 'operator' }) })).json()
  expect((await api.send('/agents', { headers: { authorization: `Bearer ${token.token}` } })).status).toBe(200)

  expect((await asAdmin.patch(`/users/${made.id}`, { role: 'viewer' }, { 'content-type': 'application/merge-patch+json' })).status).toBe(200)
  expect((await api.send('/auth/session', { headers: { cookie: ann } })).status).toBe(401)
  expect((await api.send('/agents', { headers: { authorization: `Bearer ${token.token}` } })).status).toBe(401)
  await byLink()
  expect((await asAdmin.patch(`/users/${admin.id}`, { role: 'viewer' }, { 'content-type': 'application/merge-patch+json' })).status).toBe(409)
  expect((await asAdmin.delete(`/users/${admin.id}`)).status).toBe(409)
})

test('a token is shown once, kept as a hash, no stronger than its maker, and ends when revoked or expired', async () => {
  await using db = await testDatabase()
  const { api, actions } = await withAdmin(db)
  const operator = api.as('operator')
  expect((await operator.post('/tokens', { name: 'too strong', role: 'admin' })).status).toBe(403)
  const made = await (await operator.post('/tokens', { name: 'ci', role: 'viewer' })).json()
  const use = () => api.send('/agents', { headers: { authorization: `Bearer ${made.token}` } })
  expect((await use()).status).toBe(200)
  const listed = await (await operator.get('/tokens')).text()
  expect(listed).toContain('"ci"')
  expect(listed).not.toContain(made.token)
  expect(JSON.stringify((await db.pool.query('select * from api_token')).rows)).not.toContain(made.token)
  await db.pool.query(`update api_token set expires_at = now() - interval '1 second' where name = 'ci'`)
  expect((await use()).status).toBe(401)
  await db.pool.query(`update api_token set expires_at = null where name = 'ci'`)
  expect((await operator.delete(`/tokens/${made.id}`)).status).toBe(200)
  expect((await use()).status).toBe(401)
  expect((await actions()).filter((line) => line.startsWith('token'))).toEqual(['token.create ci ok', 'token.revoke ci ok'])
})

test('guessing tokens is slowed down by address', async () => {
  await using db = await testDatabase()
  const { api } = await withAdmin(db)
  const guess = () => api.send('/agents', { headers: { authorization: 'Bearer hdl_guess', 'x-heddle-peer': '192.0.2.9' } })
  for (let tries = 0; tries < 20; tries++) expect((await guess()).status).toBe(401)
  const slowed = await guess()
  expect([slowed.status, slowed.headers.has('retry-after')]).toEqual([429, true])
  const { token } = await (await api.as('operator').post('/tokens', { name: 'neighbour', role: 'viewer' })).json()
  expect((await api.send('/agents', { headers: { authorization: `Bearer ${token}`, 'x-heddle-peer': '192.0.2.9' } })).status).toBe(200) // behind the same address
})

test('guesses at a password are counted when they come, so that many at once are no more than one after the other', async () => {
  await using db = await testDatabase()
  const { post } = await withAdmin(db)
  const guess = () => post('/auth/sign-in', { email: FIRST_ADMIN, password: 'guess' }, { 'x-heddle-peer': '192.0.2.11' })
  const answers = await Promise.all(Array.from({ length: 20 }, guess))
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(401), ...Array(15).fill(429)])
})

test('what was made with a token ends with it, and with the person behind it', async () => {
  await using db = await testDatabase()
  const { api } = await withAdmin(db)
  const asAdmin = api.as('admin')
  const person = await (await asAdmin.post('/users', { email: 'ann@example.com', role: 'admin' })).json()
  const ann = cookieOf(await api.send('/auth/link', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ secret: person.signInUrl.split('#link=')[1] }) }))
  const make = async (headers: Record<string, string>) => (await (await api.send('/tokens', { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ name: 'ci', role: 'operator' }) })).json()) as { id: string; token: string }
  const bearer = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` })
  const works = async (made: { token: string }) => (await api.send('/agents', { headers: bearer(made) })).status === 200
  const [first, second] = [await make({ cookie: ann, origin: TEST_ORIGIN }), await make({ cookie: ann, origin: TEST_ORIGIN })]
  const child = await make(bearer(first))
  const grandchild = await make(bearer(child))
  expect((await api.send(`/tokens/${child.id}`, { method: 'DELETE', headers: bearer(second) })).status).toBe(404) // of the same name, and not its maker
  expect((await api.send(`/tokens/${child.id}`, { method: 'DELETE', headers: bearer(first) })).status).toBe(200)
  expect([await works(first), await works(child), await works(grandchild)]).toEqual([true, false, false])
  const another = await make(bearer(second))
  expect(await works(another)).toBe(true)
  expect((await asAdmin.delete(`/users/${person.id}`)).status).toBe(200)
  expect([await works(second), await works(another)]).toEqual([false, false])
})

test('tokens are listed page by page', async () => {
  await using db = await testDatabase()
  const { api } = await withAdmin(db)
  const operator = api.as('operator')
  for (const name of ['a', 'b', 'c']) await operator.post('/tokens', { name, role: 'viewer' })
  const first = await (await operator.get('/tokens?limit=2')).json()
  const rest = await (await operator.get(`/tokens?limit=2&continue=${first.metadata.continue}`)).json()
  expect([...first.items, ...rest.items].map(({ name }: { name: string }) => name)).toEqual(['c', 'b', 'a'])
  expect(rest.metadata.continue).toBeNull()
})

test('a page of another site can neither write with the cookie nor dress JSON up as a form', async () => {
  await using db = await testDatabase()
  const { api, byLink } = await withAdmin(db)
  const cookie = cookieOf(await byLink())
  const body = JSON.stringify({ rate: 9, failureShare: 0 })
  const write = (headers: Record<string, string>, method = 'PUT') => api.send('/sample', { method, headers: { cookie, ...headers }, body })
  expect((await write({ ...JSON_TYPE, origin: 'http://evil.example' })).status).toBe(403)
  expect((await write({ ...JSON_TYPE, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await write({ ...JSON_TYPE, origin: 'null' })).status).toBe(403)
  expect((await write({ 'content-type': 'text/plain', origin: TEST_ORIGIN })).status).toBe(415)
  expect((await write({ 'content-type': 'application/x-www-form-urlencoded', origin: TEST_ORIGIN })).status).toBe(415)
  expect((await write({ ...JSON_TYPE, origin: TEST_ORIGIN, 'x-http-method-override': 'DELETE' }, 'POST')).status).toBe(404)
  expect((await write({ ...JSON_TYPE, host: 'evil.example' })).status).toBe(403)
  expect((await write({ ...JSON_TYPE, origin: TEST_ORIGIN })).status).toBe(200)
})

test('denials are in the audit, and an export is not run by a spreadsheet', async () => {
  await using db = await testDatabase()
  const { api } = await withAdmin(db)
  await api.as('viewer').put('/sample', { rate: 1, failureShare: 0 })
  await api.as('admin').post('/tokens', { name: '=cmd|calc', role: 'viewer' })
  const { items } = await (await api.as('admin').get('/audit?result=denied')).json()
  expect(items).toMatchObject([{ actor: 'token test viewer', action: 'PUT /api/v1/sample', result: 'denied' }])
  const csv = await api.as('admin').get('/audit?format=csv')
  expect(csv.headers.get('content-type')).toContain('text/csv')
  expect(await csv.text()).toContain(`"'=cmd|calc"`)
  const lines = (await (await api.as('admin').get('/audit?format=ndjson')).text()).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).action)).toContain('token.create')
  expect((await api.as('operator').get('/audit')).status).toBe(403)
})

test('who is not there gets no link and no change, who is there is not made twice, and a token has no password', async () => {
  await using db = await testDatabase()
  const { api } = await withAdmin(db)
  const admin = api.as('admin')
  const nobody = '00000000-0000-4000-8000-000000000000'
  expect((await admin.post('/auth/links', { email: 'nobody@example.com' })).status).toBe(404)
  expect((await admin.patch(`/users/${nobody}`, { role: 'viewer' }, { 'content-type': 'application/merge-patch+json' })).status).toBe(404)
  expect((await admin.delete(`/users/${nobody}`)).status).toBe(404)
  expect((await admin.post('/users', { email: 'ann@example.com', role: 'viewer' })).status).toBe(201)
  const twice = await admin.post('/users', { email: 'Ann@example.com', role: 'admin' })
  expect([twice.status, (await twice.json()).detail]).toEqual([409, expect.stringContaining('Ann@example.com')])
  const password = await admin.put('/auth/password', { password: PASSWORD })
  expect([password.status, (await password.json()).detail]).toEqual([403, expect.stringContaining('token')])
})
