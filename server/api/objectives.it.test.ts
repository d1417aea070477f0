import { expect, test } from 'vitest'
import type { Alert, AlertMessage, Receivers, Silence } from '#server/contracts/objective.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'
import { serve } from '#server/testing/serve.ts'

const HOOK = 'https://hooks.example.com/services/T0/very-secret'

test('alerts come newest first and in pages, with whom they were told and who silenced them', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  for (const [id, ago, ended] of [['a', 30, 20], ['b', 10, null], ['c', 10, null]] as const)
    await db.pool.query(`insert into alert (id, mesh, namespace, objective, speed, started_at, ended_at, peak) values ($1, 'local', 'default', $2, 'fast', now() - make_interval(mins => $3), now() - make_interval(mins => $4), 5)`, [id, `answers-${id}`, ago, ended])
  await db.pool.query(`insert into alert_delivery (alert, receiver, event, state, attempts, error) values ('b', 'desk', 'began', 'waiting', 2, 'the webhook answered 500')`)
  expect((await as('operator').post('/silences', { objective: 'answers-b', minutes: 5 })).status).toBe(201)
  const read = async (query: string) => (await (await as('viewer').get(`/alerts${query}`)).json()) as { items: Alert[]; metadata: { continue: string | null } }
  expect((await read('')).items.map(({ objective }) => objective).sort()).toEqual(['answers-a', 'answers-b', 'answers-c'])
  expect((await read('?running=true')).items).toHaveLength(2)
  expect((await read('?objective=default/answers-b')).items).toMatchObject([{ speed: 'fast', endedAt: null, silencedBy: 'token test operator', deliveries: [{ receiver: 'desk', event: 'began', state: 'waiting', attempts: 2, error: 'the webhook answered 500' }] }])
  const seen: string[] = []
  for (let query: string | null = '?limit=1'; query !== null; ) {
    const { items, metadata } = await read(query)
    seen.push(...items.map(({ id }) => id))
    query = metadata.continue && `?limit=1&continue=${metadata.continue}`
  }
  expect(seen.sort()).toEqual(['a', 'b', 'c'])
})

test('a silence ends by itself or by hand', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  const made = (await (await as('operator').post('/silences', { minutes: 60, reason: 'we know' })).json()) as Silence
  const list = async () => ((await (await as('viewer').get('/silences')).json()) as { items: Silence[] }).items
  expect(await list()).toEqual([made])
  expect(made).toMatchObject({ namespace: 'default', objective: null, by: 'token test operator', reason: 'we know' })
  expect((await as('operator').delete(`/silences/${made.id}`)).status).toBe(200)
  expect(await list()).toEqual([])
  expect((await as('operator').delete(`/silences/${made.id}`)).status).toBe(404)
})

test('where a webhook leads is read by admins alone, and is in no audit line', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  const items = [{ name: 'desk', type: 'webhook', url: HOOK }, { name: 'ops', type: 'email', to: ['ann@example.com'] }]
  expect((await as('admin').put('/receivers', { items })).status).toBe(200)
  const read = async (role: 'viewer' | 'operator' | 'admin') => (await (await as(role).get('/receivers')).json()) as Receivers
  expect(await read('admin')).toEqual({ items })
  for (const role of ['viewer', 'operator'] as const) expect((await read(role)).items[0]).toEqual({ name: 'desk', type: 'webhook', url: 'https://hooks.example.com' })
  expect(JSON.stringify((await db.pool.query('select * from audit')).rows)).not.toContain('very-secret')
})

test('a receiver is tried before it is kept', async () => {
  const heard: AlertMessage[] = []
  await using served = await serve(async (request, response) => {
    heard.push(JSON.parse(Buffer.concat(await request.toArray()).toString('utf8')) as AlertMessage)
    response.writeHead(204).end()
  })
  await using db = await testDatabase()
  const { as } = await testApi(db, { HEDDLE_FETCH_ALLOW: '127.0.0.1' })
  const attempt = async (body: object) => (await as('admin').post('/receivers/test', body)).json()
  expect(await attempt({ name: 'desk', type: 'webhook', url: served.url })).toEqual({ delivered: true, error: null })
  expect(heard).toMatchObject([{ event: 'test', mesh: 'local' }])
  expect(await attempt({ name: 'ops', type: 'email', to: ['ann@example.com'] })).toEqual({ delivered: false, error: expect.stringContaining('HEDDLE_SMTP_URL') as string })
  expect(await attempt({ name: 'inside', type: 'webhook', url: 'http://169.254.169.254/' })).toEqual({ delivered: false, error: expect.stringContaining('public internet') as string })
})

test.each([
  ['PUT', '/receivers', { items: [{ name: 'x', type: 'webhook', url: 'ftp://example.com' }] }, 422, '/items/0/url'],
  ['PUT', '/receivers', { items: [{ name: 'x', type: 'webhook', url: 'javascript:alert(1)' }] }, 422, '/items/0/url'],
  ['PUT', '/receivers', { items: [{ name: 'x', type: 'email', to: [] }] }, 422, '/items/0/to'],
  ['PUT', '/receivers', { items: [{ name: 'x', type: 'email', to: ['a@b.c\r\nBcc: d@e.f'] }] }, 422, '/items/0/to/0'],
  ['PUT', '/receivers', { items: [{ name: 'x', type: 'pager' }] }, 422, '/items/0/type'],
  ['PUT', '/receivers', { items: ['x', 'x'].map((name) => ({ name, type: 'webhook', url: HOOK })) }, 422, '/items/1/name'],
  ['PUT', '/receivers', { items: Array.from({ length: 33 }, (_, index) => ({ name: `x${index}`, type: 'webhook', url: HOOK })) }, 422, '/items'],
  ['POST', '/silences', { minutes: 0 }, 422, '/minutes'],
  ['POST', '/silences', { minutes: 1e9 }, 422, '/minutes'],
  ['POST', '/silences', { minutes: 5, objective: '../x' }, 422, '/objective'],
  ['GET', '/alerts?objective=answers', undefined, 400, '/objective'],
  ['GET', '/alerts?continue=nonsense', undefined, 400, undefined],
] as const)('refused with its pointer: %s %s %j', async (method, path, body, status, pointer) => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  const admin = as('admin')
  const answer = method === 'GET' ? await admin.get(path) : method === 'PUT' ? await admin.put(path, body) : await admin.post(path, body)
  const { problems } = (await answer.json()) as { problems?: { pointer: string }[] }
  expect({ status: answer.status, pointer: problems?.[0]?.pointer }).toEqual({ status, pointer })
})
