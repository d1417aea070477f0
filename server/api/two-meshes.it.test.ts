// Two meshes in one store: nothing of one is told to who asks in the other, by id, list, cursor, export, or the time it takes.
import { expect, test } from 'vitest'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import type { Db } from '#server/db/client.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const ID = '11111111-1111-4111-8111-111111111111'
/** In every row of the other mesh. */
const MARK = 'moonbase'
/** Paths that lead to one thing of the other mesh. */
const BY_ID = ['/namespaces/default/agents/moonbase', '/revisions/1', '/revisions/1/status', '/proxies/moonbase-1', '/proxies/moonbase-1/resources', `/rotations/${ID}`, '/semantic/decisions/moonbase']
const LISTS = ['/agents', '/namespaces/default/agents', '/revisions', '/proxies', '/rotations', '/certificates', '/semantic/decisions', '/registry', '/peers', '/audit', '/audit?format=csv', '/audit?format=ndjson', '/overview', '/graph', '/analysis', '/agent-summaries']
/** Writes to things of the other mesh. */
const WRITES: [string, string, unknown?][] = [
  ['DELETE', '/namespaces/default/agents/moonbase'],
  ['POST', '/revisions/1/revert'],
  ['POST', '/certificates/0a/revoke', { reason: 'not mine' }],
  ['POST', `/rotations/${ID}/pause`],
  ['PUT', '/semantic/decisions/moonbase/correction', { agent: null }],
]

async function twoMeshes(db: Db) {
  const api = await testApi(db)
  const operator = api.as('operator')
  await db.pool.query(`insert into mesh (name, trust_domain) values ('other', 'other.local')`)
  for (const name of ['moonbase', 'moonbase-2', 'moonbase-3']) await operator.put(`/namespaces/default/agents/${name}?mesh=other&reason=moonbase`, { apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name }, spec: {} })
  await db.pool.query(`insert into proxy (mesh, id, namespace, agent, version, spiffe_id) values ('other', 'moonbase-1', 'default', 'moonbase', 'v1', 'spiffe://other.local/ns/default/agent/moonbase')`)
  await db.pool.query(`insert into certificate_authority (id, mesh, role, state, subject, serial, pem, not_before, not_after) values ('ca', 'other', 'issuing', 'active', 'moonbase', '01', '', now(), now() + interval '1 day')`)
  await db.pool.query(`insert into svid (serial, mesh, spiffe_id, proxy, issuer_id, not_before, not_after) values ('0a', 'other', 'spiffe://other.local/ns/default/agent/moonbase', 'moonbase-1', 'ca', now(), now() + interval '1 hour')`)
  await db.pool.query(`insert into rotation (id, mesh, state, step, started_by, reason) values ($1, 'other', 'running', 'trust', 'moonbase', 'moonbase')`, [ID])
  await db.pool.query(`insert into semantic_decision (id, mesh, namespace, route, mode, outcome, reason, task_hash, revision, duration_ms) values ('moonbase', 'other', 'default', 'moonbase', 'Enforce', 'chosen', 'moonbase', '', 1, 1)`)
  return { admin: api.as('admin') }
}

test('ids of another mesh are not there, to read or to write', async () => {
  await using db = await testDatabase()
  const { admin } = await twoMeshes(db)
  for (const path of BY_ID) {
    expect((await admin.get(`${path}?mesh=other`)).status, `${path} at home`).toBe(200)
    expect((await admin.get(path)).status, path).toBe(404)
  }
  const before = await rowsOf(db)
  for (const [method, path, body] of WRITES) {
    const call = admin[method.toLowerCase() as 'put' | 'post' | 'delete']
    expect((await call(path, body)).status, `${method} ${path}`).toBe(404)
  }
  expect(await rowsOf(db)).toEqual(before)
})

test('lists, cursors and exports hold nothing of another mesh, and no count of it', async () => {
  await using db = await testDatabase()
  const { admin } = await twoMeshes(db)
  const home = await Promise.all(LISTS.map(async (path) => (await admin.get(path + (path.includes('?') ? '&' : '?') + 'mesh=other')).text()))
  expect(home.filter((text) => text.includes(MARK)).length).toBeGreaterThanOrEqual(8) // most would tell
  for (const path of LISTS) {
    const answer = await admin.get(path)
    expect([answer.status, (await answer.text()).includes(MARK)], path).toEqual([200, false])
  }
  const { metadata } = await (await admin.get('/agents?limit=1&mesh=other')).json()
  expect(metadata.continue).toEqual(expect.any(String))
  const carried = await (await admin.get(`/agents?limit=1&continue=${metadata.continue}`)).json()
  expect(carried).toEqual({ items: [], metadata: { continue: null, resourceVersion: '0' } })
})

test('what is not there and what is another mesh’s take the same time', async () => {
  await using db = await testDatabase()
  const { admin } = await twoMeshes(db)
  const times: Record<string, number[]> = { foreign: [], nowhere: [] }
  for (let round = 0; round < 60; round++)
    for (const [what, name] of [['foreign', 'moonbase'], ['nowhere', 'nobody']] as const) {
      const began = performance.now()
      await admin.get(`/namespaces/default/agents/${name}`)
      times[what]?.push(performance.now() - began)
    }
  const median = (list: number[] = []) => list.toSorted((a, b) => a - b)[list.length / 2] ?? 0
  const ratio = median(times.foreign) / median(times.nowhere)
  expect(ratio).toBeGreaterThan(0.6)
  expect(ratio).toBeLessThan(1.7)
})

async function rowsOf(db: Db) {
  const tables = ['object', 'revision', 'svid', 'rotation', 'semantic_decision']
  return Promise.all(tables.map(async (table) => (await db.pool.query(`select * from "${table}" order by 1`)).rows))
}
