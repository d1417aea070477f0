// Ids of the right form that name nothing, bodies that announce too much, and neighbours that do not answer: each door says which it is.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openAuth } from '#server/auth/auth.ts'
import { openDb } from '#server/db/client.ts'
import { testApi, TEST_ORIGIN } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'
import { serve } from '#server/testing/serve.ts'
import { createApi } from './app.ts'
import { BODY } from './body.ts'

const DECISION = 'f'.repeat(24)
const UUID = '00000000-0000-4000-8000-000000000000'
const TRACE = 'a'.repeat(32)

test('what is not there is said in words, whatever was asked of it', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  await db.pool.query(`insert into semantic_decision (id, mesh, namespace, route, mode, outcome, reason, task_hash, revision, duration_ms) values ($1, 'local', 'default', 'ask', 'enforce', 'fallback', 'x', '', 1, 1)`, ['e'.repeat(24)])
  const asked: [method: 'get' | 'post' | 'put', path: string, body: unknown, status: number, detail: string][] = [
    ['get', `/semantic/decisions/${DECISION}`, undefined, 404, `there is no decision ${DECISION}; they are kept for 7 days`],
    ['post', `/semantic/decisions/${DECISION}/replay`, {}, 404, `there is no decision ${DECISION}`],
    ['put', `/semantic/decisions/${DECISION}/correction`, { agent: null }, 404, `there is no decision ${DECISION}`],
    ['post', `/semantic/decisions/${'e'.repeat(24)}/replay`, {}, 422, 'this call said nothing that could be compared'],
    ['get', `/rotations/${UUID}`, undefined, 404, `there is no rotation ${UUID}`],
    ['get', `/traces/${TRACE}`, undefined, 404, `there is no trace ${TRACE}`],
    ['get', `/traces/${TRACE}/spans/${'b'.repeat(16)}`, undefined, 404, `there is no span ${'b'.repeat(16)} in the trace ${TRACE}`],
    ['get', '/agent-summaries/default/nobody', undefined, 404, 'there is no agent default/nobody, and none of this name was seen in this time'],
  ]
  for (const [method, path, body, status, detail] of asked) {
    const response = await as('admin')[method](path, body)
    expect([path, response.status, ((await response.json()) as { detail: string }).detail]).toEqual([path, status, expect.stringContaining(detail)])
  }
})

test('a body that says that it is too large is refused before it is read', async () => {
  await using db = await testDatabase()
  const { send, tokenOf } = await testApi(db)
  const response = await send('/tokens', { method: 'POST', headers: { authorization: `Bearer ${tokenOf('admin')}`, 'content-type': 'application/json', 'content-length': String(BODY.bytesMax + 1) }, body: '{}' })
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([413, `a body has at most ${BODY.bytesMax} bytes`])
})

test('a source that answers “nothing changed” to a first question is told apart from one with a card', async () => {
  await using db = await testDatabase()
  await using source = await serve((_, response) => response.writeHead(304).end())
  const { as } = await testApi(db, { HEDDLE_FETCH_ALLOW: '127.0.0.1' })
  const response = await as('operator').post('/registry/read-card', { url: `${source.url}/card.json` })
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([503, expect.stringContaining('nothing changed')])
})

test('a process without its database is alive and not ready, and says when to come again', async () => {
  await using db = await testDatabase()
  const { config } = await testApi(db)
  await using away = openDb('postgresql://heddle@127.0.0.1:1/heddle', 'heddle-test')
  const app = createApi({ db: away, config, auth: await openAuth(db, config), log: pino({ level: 'silent' }) })
  const ask = async (path: string) => app.fetch(new Request(`${TEST_ORIGIN}/api/v1${path}`))
  expect((await ask('/health')).status).toBe(200)
  const ready = await ask('/ready')
  expect([ready.status, ready.headers.get('retry-after'), ((await ready.json()) as { detail: string }).detail]).toEqual([503, '2', 'the database cannot be reached'])
})
