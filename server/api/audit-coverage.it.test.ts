// Every door that changes something writes a line of the audit: who, what, and what it was before. The doors are read from the code,
// so that a new one without its line here fails.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSignInSecret } from '#server/auth/links.ts'
import { FIRST_ADMIN, ensureFirstAdmin } from '#server/auth/users.ts'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import { SIDECAR_METHODS } from '#server/contracts/sidecar.ts'
import type { Db } from '#server/db/client.ts'
import { openAuthority } from '#server/identity/authority.ts'
import { readUser } from '#server/queries/users.ts'
import { TEST_ORIGIN, testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'
import { TEST_SECRET_KEY } from '#server/testing/sidecar-mesh.ts'

/** Writes in form, which store nothing that anybody decided. */
const NO_CHANGE: Record<string, string> = {
  'POST /redaction/try': 'says what would be taken out of a text',
  'POST /traces/:traceId/reveal': 'shows messages, and has its line: reveal.it.test.ts',
  'POST /receivers/test': 'sends one message and keeps nothing',
  'POST /explain': 'a question',
  'POST /proxies/:id/questions': 'a question; what sets how much a proxy logs has its line: server/testing/sidecar.it.test.ts',
  'POST /policy-trials': 'a question',
  'POST /semantic/try': 'a question',
  'POST /semantic/evaluate': 'a question',
  'POST /semantic/decisions/:id/replay': 'a question',
  'POST /registry/read-card': 'reads once and keeps nothing',
  'POST /sample/report': 'what the sample fleet counts of itself, each second',
}

interface Step {
  route: string
  path: string
  body?: unknown
  headers?: Record<string, string>
  /** The start of the line's action. */
  action: string
  /** Runs after it, for what later steps need of the answer. */
  keep?: (answer: Record<string, string>) => void
}

const PASSWORD = 'correct horse battery staple'
const object = (name: string, labels = {}) => ({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name, labels }, spec: {} })
const MERGE = { 'content-type': 'application/merge-patch+json' }

test('every change over the API has its line: who did what to what', { timeout: 120_000 }, async () => {
  await using db = await testDatabase()
  const { api, person, sessionOf } = await aLivedInMesh(db)
  const held = { user: '', token: '', revision: '', rotation: '', silence: '' }
  // In an order in which each finds something to change.
  const steps: (() => Step)[] = [
    () => ({ route: 'POST /users', path: '/users', body: { email: 'ann@example.com', role: 'operator' }, action: 'user.create', keep: ({ id = '' }) => (held.user = id) }),
    () => ({ route: 'PATCH /users/:id', path: `/users/${held.user}`, body: { role: 'viewer' }, headers: MERGE, action: 'user.role' }),
    () => ({ route: 'DELETE /users/:id', path: `/users/${held.user}`, action: 'user.delete' }),
    () => ({ route: 'POST /auth/links', path: '/auth/links', body: { email: FIRST_ADMIN }, action: 'link.create' }),
    () => ({ route: 'PUT /auth/password', path: '/auth/password', body: { password: PASSWORD }, headers: person, action: 'password.set' }),
    () => ({ route: 'POST /auth/sign-in', path: '/auth/sign-in', body: { email: FIRST_ADMIN, password: PASSWORD }, action: 'sign-in' }),
    () => ({ route: 'POST /auth/sign-out', path: '/auth/sign-out', headers: person, action: 'sign-out' }),
    () => ({ route: 'POST /tokens', path: '/tokens', body: { name: 'ci', role: 'viewer' }, action: 'token.create', keep: ({ id = '' }) => (held.token = id) }),
    () => ({ route: 'DELETE /tokens/:id', path: `/tokens/${held.token}`, action: 'token.revoke' }),
    () => ({ route: 'PUT /namespaces/:ns/:plural/:name', path: '/namespaces/default/agents/one', body: object('one'), action: 'commit' }),
    () => ({ route: 'PATCH /namespaces/:ns/:plural/:name', path: '/namespaces/default/agents/one', body: { metadata: { labels: { team: 'a' } } }, headers: MERGE, action: 'commit', keep: ({ metadata }) => (held.revision = (metadata as unknown as { resourceVersion: string }).resourceVersion) }),
    () => ({ route: 'POST /revisions/:revision/revert', path: `/revisions/${held.revision}/revert`, action: 'revert' }),
    () => ({ route: 'DELETE /namespaces/:ns/:plural/:name', path: '/namespaces/default/agents/one', action: 'commit' }),
    () => ({ route: 'POST /objects', path: '/objects', body: { items: [object('two'), object('three')] }, action: 'commit' }),
    () => ({ route: 'POST /join-tokens', path: '/join-tokens', body: { agent: 'two' }, action: 'join-token.create' }),
    () => ({ route: 'POST /certificates/:serial/revoke', path: '/certificates/0a/revoke', body: { reason: 'stolen' }, action: 'certificate.revoke' }),
    () => ({ route: 'POST /rotations', path: '/rotations', body: { reason: 'yearly' }, action: 'rotation.start', keep: ({ id = '' }) => (held.rotation = id) }),
    () => ({ route: 'POST /rotations/:id/:wish', path: `/rotations/${held.rotation}/pause`, action: 'rotation.pause' }),
    () => ({ route: 'PUT /sample', path: '/sample', body: { rate: 3, failureShare: 0 }, action: 'sample.change' }),
    () => ({ route: 'DELETE /sample', path: '/sample', action: 'sample.remove' }),
    () => ({ route: 'PUT /prices', path: '/prices', body: { currency: 'EUR', models: {} }, action: 'prices.set' }),
    () => ({ route: 'PUT /scrape-targets', path: '/scrape-targets', body: { items: [{ name: 'istio', url: 'http://127.0.0.1:9/metrics' }] }, action: 'scrape-targets.set' }),
    () => ({ route: 'PUT /redaction', path: '/redaction', body: { builtIn: { emails: true } }, action: 'redaction.set' }),
    () => ({ route: 'POST /silences', path: '/silences', body: { minutes: 5 }, action: 'silence.add', keep: ({ id = '' }) => (held.silence = id) }),
    () => ({ route: 'DELETE /silences/:id', path: `/silences/${held.silence}`, action: 'silence.end' }),
    () => ({ route: 'PUT /receivers', path: '/receivers', body: { items: [{ name: 'ops', type: 'email', to: ['ann@example.com'] }] }, action: 'receivers.set' }),
    () => ({ route: 'PUT /peers', path: '/peers', body: { name: 'stranger', decision: 'block' }, action: 'peer.block' }),
    () => ({ route: 'POST /registry/:ns/:name/refresh', path: '/registry/default/two/refresh', action: 'card.refresh' }),
    () => ({ route: 'PUT /semantic/decisions/:id/correction', path: '/semantic/decisions/d1/correction', body: { agent: 'default/two' }, action: 'decision.correct' }),
  ]
  const told = new Set(['POST /auth/link']) // `sessionOf` came in by it, below
  expect(await linesAfter(db, 0)).toContainEqual(expect.objectContaining({ actor: FIRST_ADMIN, action: 'sign-in', result: 'ok' }))
  const wrong: string[] = []
  for (const next of steps) {
    const { route, path, body, headers = {}, action, keep } = next()
    told.add(route)
    const [method = ''] = route.split(' ')
    const [before, seq] = [await fingerprint(db), await lastLine(db)]
    const response = await api.send(path, { method, headers: { ...(headers.cookie ? {} : { authorization: `Bearer ${api.tokenOf('admin')}` }), 'content-type': 'application/json', ...headers }, body: body === undefined ? undefined : JSON.stringify(body) })
    const answer = await response.json()
    if (!response.ok) wrong.push(`${route} was refused: ${answer.detail}`)
    if ((await fingerprint(db)) === before) wrong.push(`${route} changed nothing, so it shows nothing`)
    const line = (await linesAfter(db, seq)).find((one) => one.action === action)
    const actor = headers.cookie || route === 'POST /auth/sign-in' ? FIRST_ADMIN : 'token test admin'
    if (line?.actor !== actor || line.target === '' || line.result !== 'ok') wrong.push(`${route} left ${JSON.stringify(line ?? null)} instead of ${action} by ${actor}`)
    if (response.ok) keep?.(answer)
  }
  expect(wrong).toEqual([])
  const routes = [...new Set(api.app.routes.filter(({ method, path }) => path.startsWith('/api/v1/') && !['ALL', 'GET'].includes(method)).map(({ method, path }) => `${method} ${path.slice('/api/v1'.length)}`))]
  expect(routes.filter((route) => !told.has(route) && !(route in NO_CHANGE)), 'routes that may change something and have no step here').toEqual([])
  expect(await sessionOf()).toBe(401) // signed out above
})

test('what is in the form of a write and only asks stores nothing', async () => {
  await using db = await testDatabase()
  const { api } = await aLivedInMesh(db)
  const bodies: Record<string, unknown> = {
    'POST /redaction/try': { text: 'x' },
    'POST /explain': { from: { agent: 'two' }, host: 'three' },
    'POST /semantic/try': { route: 'none', task: 'x' },
    'POST /semantic/evaluate': { route: 'none', tasks: [{ task: 'x', agent: null }] },
    'POST /registry/read-card': { url: 'http://127.0.0.1:9/' },
  }
  expect((await api.as('admin').post('/semantic/decisions/d1/replay')).status).toBe(422) // this one said nothing that could be compared
  for (const route of Object.keys(NO_CHANGE).filter((one) => one !== 'POST /sample/report')) {
    const before = await fingerprint(db)
    await api.as('admin').post(route.replace('POST ', '').replace(':id', 'd1'), bodies[route] ?? {})
    expect(await fingerprint(db), route).toBe(before)
  }
})

test('before and after are kept: of objects in the revision, of settings and roles in the line', async () => {
  await using db = await testDatabase()
  const { api } = await aLivedInMesh(db)
  const admin = api.as('admin')
  await admin.put('/prices', { currency: 'EUR', models: {} })
  await admin.put('/prices', { currency: 'USD', models: {} })
  await admin.put('/sample', { rate: 3, failureShare: 0 })
  await admin.put('/sample', { rate: 5, failureShare: 0 })
  await admin.put('/namespaces/default/agents/one', object('one'))
  const made = await (await admin.patch('/namespaces/default/agents/one', { metadata: { labels: { team: 'a' } } }, MERGE)).json()
  const lines = await linesAfter(db, 0)
  expect(lines.findLast(({ action }) => action === 'prices.set')?.detail).toMatchObject({ before: { currency: 'EUR' }, after: { currency: 'USD' } })
  expect(lines.findLast(({ action }) => action === 'sample.change')?.detail).toMatchObject({ before: { rate: 3 }, after: { rate: 5 } })
  expect(lines.findLast(({ action }) => action === 'commit')).toMatchObject({ target: `revision ${made.metadata.resourceVersion}`, detail: { objects: ['changed Agent default/one'] } })
  const revision = await (await admin.get(`/revisions/${made.metadata.resourceVersion}`)).json()
  expect(revision.changes).toMatchObject([{ before: { metadata: { labels: {} } }, after: { metadata: { labels: { team: 'a' } } } }])
})

test('the other doors: what sidecars ask is listed, and the command line has no way past the API', () => {
  // Enrolling has its line (enrolment.it.test.ts); so has renewing; a heartbeat that brings an agent commits a revision as
  // everybody does; leaving ends a lease; answering says what somebody asked.
  expect(Object.keys(SIDECAR_METHODS)).toEqual(['enrol', 'renew', 'heartbeat', 'leave', 'answer'])
  const commands = readdirSync('server/cli').filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
  expect(commands.filter((name) => /from '(\.\.|#server)\/(db|changes|identity|queries|auth)\//.test(readFileSync(`server/cli/${name}`, 'utf8')))).toEqual(['doctor.ts'])
})

/** A mesh with a certificate, a decision, a card source, and an administrator who is signed in. */
async function aLivedInMesh(db: Db) {
  const api = await testApi(db)
  await ensureFirstAdmin(db)
  const admin = (await readUser(db, { email: FIRST_ADMIN }))!
  const came = await api.send('/auth/link', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ secret: await createSignInSecret(db, admin.id) }) })
  const person = { cookie: came.headers.getSetCookie()[0]?.split(';')[0] ?? '', origin: TEST_ORIGIN }
  await (await openAuthority(db, { mesh: 'local', trustDomain: api.config.trustDomain, secretKey: TEST_SECRET_KEY, svidTtlMs: 3_600_000 }))[Symbol.asyncDispose]()
  await db.pool.query(`insert into svid (serial, mesh, spiffe_id, proxy, issuer_id, not_before, not_after) values ('0a', 'local', 'spiffe://heddle.local/ns/default/agent/two', 'two-1', (select id from certificate_authority limit 1), now(), now() + interval '1 hour')`)
  await db.pool.query(`insert into semantic_decision (id, mesh, namespace, route, mode, outcome, reason, task_hash, revision, duration_ms) values ('d1', 'local', 'default', 'ask', 'Enforce', 'chosen', '', '', 1, 1)`)
  await db.pool.query(`insert into agent_source (mesh, namespace, agent, url, kind, etag) values ('local', 'default', 'two', 'http://example.com/', 'a2a', 'x')`)
  await api.as('admin').get('/audit') // the token's first use is noted now
  return { api, person, sessionOf: async () => (await api.send('/auth/session', { headers: person })).status }
}

/** Of every row of every table but the audit itself. */
async function fingerprint(db: Db): Promise<string> {
  const { rows } = await db.pool.query<{ name: string }>(`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'audit' order by 1`)
  const each = rows.map(({ name }) => `(select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from "${name}" t)`)
  return (await db.pool.query<{ all: string }>(`select ${each.join(` || ' ' || `)} as all`)).rows[0]!.all
}

async function lastLine(db: Db): Promise<number> {
  return (await db.pool.query<{ seq: number }>('select coalesce(max(seq), 0)::int as seq from audit')).rows[0]!.seq
}

async function linesAfter(db: Db, seq: number) {
  return (await db.pool.query<{ actor: string; action: string; target: string; result: string; detail: Record<string, unknown> }>('select actor, action, target, result, detail from audit where seq > $1 order by seq', [seq])).rows
}
