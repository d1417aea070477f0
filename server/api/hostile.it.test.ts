import { expect, test } from 'vitest'
import { BODY } from './body.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const JSON_TYPE = 'application/json'
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** Bodies that no endpoint takes: what was sent, as what, and what it gets. */
const BODIES: [string, string | Uint8Array<ArrayBuffer>, string, number][] = [
  ['half a JSON', '{"kind": ', JSON_TYPE, 400],
  ['no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), JSON_TYPE, 400],
  ['nested too deep', deep(BODY.depthMax + 2), JSON_TYPE, 400],
  ['brackets by the hundred thousand', deep(200_000), JSON_TYPE, 400],
  ['too many values', `[${'1,'.repeat(BODY.valuesMax)}1]`, JSON_TYPE, 413],
  ['too many bytes', JSON.stringify('x'.repeat(BODY.bytesMax)), JSON_TYPE, 413],
  ['a NUL', '{"reason": "a\\u0000b"}', JSON_TYPE, 400],
  ['a prototype', '{"__proto__": {"admin": true}}', JSON_TYPE, 400],
  ['a form', 'rate=1', 'application/x-www-form-urlencoded', 415],
  ['plain text', '{}', 'text/plain', 415],
  ['XML', '<a/>', 'application/xml', 415],
  ['YAML with a key twice', 'a: 1\na: 2', 'application/yaml', 400],
  ['YAML with aliases', 'a: &a [1]\nb: *a', 'application/yaml', 400],
  ['YAML with a tag of JavaScript', 'a: !!js/function "function(){}"', 'application/yaml', 400],
  ['two YAML documents', 'a: 1\n---\na: 2', 'application/yaml', 400],
  ['YAML brackets by the hundred thousand', '['.repeat(200_000), 'application/yaml', 400],
  ['YAML dashes by the hundred thousand', '- '.repeat(200_000), 'application/yaml', 400],
  ['YAML maps within maps', '{a: '.repeat(200_000), 'application/yaml', 400],
  ['YAML anchors by the hundred thousand', '&a '.repeat(200_000), 'application/yaml', 400],
  ['YAML with more keys than a body may have', Array.from({ length: BODY.valuesMax }, (_, at) => `k${at}: 1`).join('\n'), 'application/yaml', 413],
  ['a list where an object goes', '[]', JSON_TYPE, 422],
  ['null', 'null', JSON_TYPE, 422],
  ['a field that is not there', '{"surprise": true}', JSON_TYPE, 422],
]

const DOORS = ['PUT /namespaces/default/agents/probe', 'POST /tokens', 'POST /users', 'PUT /sample', 'PUT /prices', 'PUT /redaction', 'PUT /scrape-targets', 'POST /redaction/try', 'POST /sample/report', 'PUT /auth/password', 'POST /auth/links', 'POST /join-tokens', 'POST /rotations', 'POST /objects', 'POST /explain', 'POST /policy-trials', 'POST /auth/sign-in', 'POST /auth/link']

test('no door takes a hostile body, and each says why as a problem', { timeout: 180_000 }, async () => {
  await using db = await testDatabase()
  const { as, send } = await testApi(db)
  const wrong: string[] = []
  const authorization = await bearerOf(as)
  for (const door of DOORS)
    for (const [name, body, type, status] of BODIES) {
      const [method, path = ''] = door.split(' ')
      const response = await send(path, { method, headers: { authorization, 'content-type': type }, body })
      const problem = await response.json()
      if (response.status !== status || problem.status !== status || typeof problem.detail !== 'string') wrong.push(`${door}: ${name} got ${response.status} ${JSON.stringify(problem).slice(0, 200)}`)
    }
  expect(wrong).toEqual([])
  expect((await send('/health')).status).toBe(200)
})

/** Addresses and parameters: what was asked, and what it gets. */
const ADDRESSES: [string, number][] = [
  ['/nothing', 404],
  ['/agents/extra/levels/of/path/that/are/not', 404],
  ['/namespaces/Default/agents/x', 404],
  ['/namespaces/default/agents/..%2f..%2fusers', 404],
  [`/namespaces/default/agents/${'a'.repeat(300)}`, 404],
  [`/namespaces/default/agents/x' or '1'='1`, 404],
  ['/namespaces/%00/agents/x', 404],
  ['/revisions/0', 404],
  ['/revisions/-1', 404],
  ['/revisions/1e9', 404],
  ['/revisions/99999999999999999999', 404],
  ['/proxies/%ff', 404],
  ['/traces/zz', 404],
  ['/sessions/%00', 404],
  [`/sessions/${'a'.repeat(300)}`, 404],
  ['/sessions?window=nonsense', 400],
  ['/sessions?continue=eyJhIjoxfQ', 400],
  ['/agents?limit=0', 400],
  ['/agents?limit=1001', 400],
  ['/agents?limit=ten', 400],
  ['/agents?continue=%00', 400],
  ['/agents?continue=eyJhIjoxfQ', 400],
  ['/agents?labelSelector=a%20in%20(b)', 400],
  [`/agents?labelSelector=${'a=b,'.repeat(20)}a=b`, 400],
  ['/agents?mesh=other', 404],
  ['/agents?mesh=%27%3B%20drop%20table%20mesh', 404],
  ['/audit?from=yesterday', 400],
  ['/audit?format=xml', 400],
  ['/graph?window=5m&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z', 400],
  ['/graph?from=2020-01-01T00:00:00Z&to=2026-01-02T00:00:00Z', 400],
  ['/graph?from=2999-01-01T00:00:00Z&to=2999-01-02T00:00:00Z', 400],
  ['/rotations/00000000-0000-4000-8000-000000000000', 404],
  ['/semantic/decisions/none', 404],
  ['/agent-summaries/default/nobody', 404],
  ['/live', 426],
  ['/ingest?limit=0', 400],
  ['/ingest?limit=ten', 400],
]

test('no address or parameter gets further than a problem that names it', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  const wrong: string[] = []
  for (const [path, status] of ADDRESSES) {
    const response = await as('admin').get(path)
    if (response.status !== status || response.headers.get('content-type') !== 'application/problem+json') wrong.push(`${path} got ${response.status} ${(await response.text()).slice(0, 200)}`)
  }
  expect(wrong).toEqual([])
})

test('a mesh answers for its own objects alone, by whatever way its neighbour is named', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  await db.pool.query(`insert into mesh (name, trust_domain) values ('other', 'other.local')`)
  const agent = { apiVersion: 'heddle.dev/v1alpha1', kind: 'Agent', metadata: { name: 'secret' }, spec: {} }
  expect((await as('operator').put('/namespaces/default/agents/secret?mesh=other', agent)).status).toBe(201)
  for (const path of ['/namespaces/default/agents/secret', '/revisions/1', '/revisions/1/status']) expect((await as('admin').get(path)).status, path).toBe(404)
  expect((await as('operator').post('/revisions/1/revert')).status).toBe(404)
  for (const path of ['/agents', '/namespaces/default/agents', '/revisions']) expect(await (await as('admin').get(path)).json(), path).toMatchObject({ items: [], metadata: { resourceVersion: '0' } })
  const { items } = await (await as('admin').get('/audit?action=commit')).json()
  expect(items).toEqual([])
})

async function bearerOf(as: Awaited<ReturnType<typeof testApi>>['as']): Promise<string> {
  const { token } = await (await as('admin').post('/tokens', { name: 'hostile', role: 'admin' })).json()
  return `Bearer ${token}`
}
