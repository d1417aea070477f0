import { expect, test } from 'vitest'
import { HTTPRoute } from '#server/contracts/http-route.ts'
import { testDatabase } from '#server/testing/database.ts'
import type { Db } from '#server/db/client.ts'
import { commitChange } from './commit.ts'

const ref = { kind: 'HTTPRoute', namespace: 'default', name: 'translator' } as const

function split(v1: number, v2: number) {
  return HTTPRoute.parse({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'translator' },
    spec: {
      parentRefs: [{ name: 'translator' }],
      rules: [{ backendRefs: [{ kind: 'AgentVersion', name: 'translator-v1', weight: v1 }, { kind: 'AgentVersion', name: 'translator-v2', weight: v2 }] }],
    },
  })
}

async function withMesh(db: Db) {
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local')`)
  const put = (after: HTTPRoute | null, expected: number | null | 'any', options: { basis?: number } = {}) =>
    commitChange(db, { mesh: 'local', author: 'ann', reason: 'test', changes: [{ ref, expected, after }], ...options })
  return { put }
}

test('each accepted change is the next revision, and an unchanged one is none', async () => {
  await using db = await testDatabase()
  const { put } = await withMesh(db)
  expect(await put(split(90, 10), null)).toMatchObject({ outcome: 'committed', revision: 1 })
  expect(await put(split(90, 10), 1)).toMatchObject({ outcome: 'committed', revision: null })
  const second = await put(split(50, 50), 1)
  expect(second).toMatchObject({ revision: 2, objects: [{ metadata: { resourceVersion: '2', generation: 2 } }] })
  expect(await put(null, 2)).toMatchObject({ revision: 3, objects: [null] })
  const { rows } = await db.pool.query('select revision, before is null as created, after is null as deleted from revision_change order by revision')
  expect(rows).toEqual([
    { revision: 1, created: true, deleted: false },
    { revision: 2, created: false, deleted: false },
    { revision: 3, created: false, deleted: true },
  ])
})

test('of two writers from one base the second is told, and nothing of its change is stored', async () => {
  await using db = await testDatabase()
  const { put } = await withMesh(db)
  await put(split(90, 10), null)
  const both = await Promise.allSettled([put(split(50, 50), 1), put(split(40, 60), 1)])
  expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  const refused = both.find((one) => one.status === 'rejected')
  expect(refused?.reason).toMatchObject({ code: 'conflict', extra: { current: { metadata: { resourceVersion: '2' } } } })
  expect((await db.pool.query('select count(*)::int as n from revision')).rows[0].n).toBe(2)
})

test('a new object over an existing one asks for the version; one decided on an older mesh is not written', async () => {
  await using db = await testDatabase()
  const { put } = await withMesh(db)
  await put(split(90, 10), null)
  await expect(put(split(1, 1), null)).rejects.toMatchObject({ code: 'precondition_required' })
  expect(await put(split(1, 1), 1, { basis: 0 })).toEqual({ outcome: 'moved', head: 1 })
  expect((await db.pool.query('select head from mesh')).rows[0].head).toBe(1)
})

test('who changes what was deleted meanwhile is told so, and it does not come back', async () => {
  await using db = await testDatabase()
  const { put } = await withMesh(db)
  await put(split(90, 10), null)
  await put(null, 1)
  await expect(put(split(50, 50), 1)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('not there any more') })
  expect((await db.pool.query('select head from mesh')).rows).toEqual([{ head: 2 }])
})
