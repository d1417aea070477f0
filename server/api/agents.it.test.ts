// The agent layer's doors: what they answer, and how they take bad input.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { commitChange } from '#server/changes/commit.ts'
import { agent, agentRoute } from '#server/compile/fixtures.ts'
import { refOf } from '#server/contracts/object.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const COOK = agent('cook', { description: 'cooks', capabilities: [{ id: 'plan-meals', description: 'Plans meals and writes recipes', tags: ['food'], examples: ['what can I cook with lentils'], inputModes: ['text/plain'] }] })
const LAWYER = agent('lawyer', { capabilities: [{ id: 'review-contracts', description: 'Reads contracts and points at legal risks', examples: ['is this clause enforceable'] }] })

async function lab() {
  const db = await testDatabase()
  const api = await testApi(db)
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.test') on conflict do nothing`)
  const objects = [COOK, LAWYER, agent('helper'), agentRoute('ask', { candidates: [{ name: 'cook' }, { name: 'lawyer' }], fallback: { name: 'helper' }, semantic: { floor: 0.25 } })]
  await commitChange(db, { mesh: 'local', author: 'test', reason: '', changes: objects.map((after) => ({ ref: refOf(after), expected: null, after })) })
  for (const name of ['cook', 'lawyer']) await db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) values ('local', $1, 'default', $1, 'v1', '127.0.0.1', 1, 'sidecar')`, [name])
  return { db, api, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
}

test('the registry is searched by name, tag, mode and by meaning', async () => {
  await using it = await lab()
  const names = async (query: string) => ((await (await it.api.as('viewer').get(`/registry?${query}`)).json()) as { items: { name: string }[] }).items.map(({ name }) => name)
  expect(await names('')).toEqual(['cook', 'helper', 'lawyer'])
  expect(await names('q=COOKS')).toEqual(['cook'])
  expect(await names('tag=food')).toEqual(['cook'])
  expect(await names('mode=text/plain')).toEqual(['cook'])
  expect(await names('capability=review-contracts')).toEqual(['lawyer'])
  expect((await names(`means=${encodeURIComponent('who can check an agreement for me?')}`))[0]).toBe('lawyer')
}, 120_000)

test('a task is tried, a set is judged, and what is wrong with either is said', async () => {
  await using it = await lab()
  const post = async (path: string, body: unknown) => {
    const response = await it.api.as('viewer').post(path, body)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  expect((await post('/semantic/try', { route: 'ask', task: 'a recipe for lentil soup' })).body).toMatchObject({ outcome: 'chosen', chosen: 'default/cook', skill: 'plan-meals', envoyRoute: 'agentroute/default/ask/to/default/cook', fallback: 'default/helper' })
  expect((await post('/semantic/try', { route: 'ask', task: '{"message":{"parts":[{"text":"is this clause enforceable"}]}}' })).body).toMatchObject({ chosen: 'default/lawyer' })
  expect((await post('/semantic/try', { route: 'ask', task: '' })).body).toMatchObject({ outcome: 'fallback', reason: 'the call has no body', envoyRoute: 'agentroute/default/ask/fallback' })
  const tasks = [{ task: 'a recipe for lentil soup', agent: 'cook' }, { task: 'is this clause of the lease enforceable', agent: 'default/lawyer' }, { task: 'zxqv 12345', agent: null }]
  expect((await post('/semantic/evaluate', { route: 'ask', tasks })).body).toMatchObject({ tasks: 3, accuracy: 1, macroF1: 1, outOfScopeAuroc: 1, accuracyWithFallback: 1, comparison: null })
  const against = { candidates: [{ name: 'cook' }, { name: 'lawyer' }], fallback: { name: 'helper' }, semantic: { floor: 0.99 } }
  const { comparison } = (await post('/semantic/evaluate', { route: 'ask', tasks, against })).body
  expect(comparison).toMatchObject({ better: 0, worse: 2, byChance: 0.5, other: { accuracy: 0, accuracyWithFallback: 1 / 3 }, changed: [{ wanted: 'default/cook', chosen: 'default/cook', other: null }, { wanted: 'default/lawyer', other: null }] })
  expect((await post('/semantic/try', { route: 'none', task: 'x' })).status).toBe(404)
  for (const bad of [{}, { route: 'ask' }, { route: 'ask', tasks: [] }, { route: 'ask', tasks: [{ task: '', agent: null }] }, { route: 'ask', tasks: [{ task: 'x' }] }, { route: 'A B', tasks }, { route: 'ask', tasks, spec: { semantic: { floor: 7 } } }, { route: 'ask', tasks, against: { semantic: { floor: 7 } } }, { route: 'ask', tasks, against: 'ask' }, { route: 'ask', tasks, more: 1 }, []])
    expect([bad, (await post('/semantic/evaluate', bad)).status]).toEqual([bad, 422])
}, 120_000)

test('a card is read once on a wish, never from a private address; peers are blocked and let in again', async () => {
  await using it = await lab()
  const server = createServer((_, response) => response.end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server's address is never a string
  const read = async (url: unknown) => (await it.api.as('operator').post('/registry/read-card', { url })).status
  for (const [url, status] of [[`http://127.0.0.1:${port}/`, 403], ['http://169.254.169.254/', 403], ['http://[::1]/', 403], ['http://u:p@example.com/', 400], ['ftp://example.com/', 422], ['nonsense', 422], [7, 422], [`http://example.com/${'a'.repeat(5000)}`, 422]] as const) expect([url, await read(url)]).toEqual([url, status])
  server.close()
  expect((await it.api.as('operator').post('/registry/default/cook/refresh', {})).status).toBe(404)

  const decide = async (body: unknown) => (await it.api.as('operator').put('/peers', body)).status
  expect(await decide({ name: 'stranger', decision: 'block' })).toBe(200)
  const peers = async () => ((await (await it.api.as('viewer').get('/peers')).json()) as { items: unknown[] }).items
  expect(await peers()).toEqual([expect.objectContaining({ id: 'agent/default/stranger', decision: 'block' })])
  expect(await decide({ name: 'stranger', decision: 'none' })).toBe(200)
  expect(await peers()).toEqual([])
  for (const bad of [{}, { name: '', decision: 'block' }, { name: 'x', decision: 'maybe' }, { name: 'x'.repeat(300), decision: 'block' }]) expect([bad, await decide(bad)]).toEqual([bad, 422])
}, 120_000)

test('decisions are listed in pages, corrected and refused by a wrong id', async () => {
  await using it = await lab()
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(24))
  await it.db.pool.query(`insert into semantic_decision (id, mesh, namespace, route, mode, outcome, reason, task_hash, revision, duration_ms) select id, 'local', 'default', 'ask', 'enforce', 'fallback', 'x', '', 1, 1 from unnest($1::text[]) id`, [ids]) // as control stores them: many of one moment
  const page = async (query: string) => (await (await it.api.as('viewer').get(`/semantic/decisions?${query}`)).json()) as { items: { id: string }[]; metadata: { continue: string | null } }
  const first = await page('limit=2')
  const second = await page(`limit=2&continue=${first.metadata.continue}`)
  expect([...first.items, ...second.items].map(({ id }) => id).sort()).toEqual(ids)
  const correct = async (id: string, body: unknown) => (await it.api.as('operator').put(`/semantic/decisions/${id}/correction`, body)).status
  expect(await correct(ids[0] ?? '', { agent: 'default/cook' })).toBe(200)
  expect(await correct('f'.repeat(24), { agent: null })).toBe(404)
  expect(await correct('nonsense', { agent: null })).toBe(404)
  expect(await correct(ids[0] ?? '', { agent: 7 })).toBe(422)
  expect((await it.api.as('viewer').get('/semantic/decisions?continue=nonsense')).status).toBe(400)
}, 120_000)
