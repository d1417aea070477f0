import { expect, test } from 'vitest'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

test('health needs no token, everything else does, and a failure is problem+json', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  expect((await api.send('/health')).status).toBe(200)
  expect((await api.send('/ready')).status).toBe(200)
  const refused = await api.send('/revisions')
  expect(refused.status).toBe(401)
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
  expect(await refused.json()).toMatchObject({ status: 401, code: 'unauthenticated', problems: [] })
  const list = await api.as('viewer').get('/revisions')
  expect([list.status, await list.json()]).toEqual([200, { items: [], metadata: { continue: null, resourceVersion: '0' } }])
})

test('a mesh that is not there is 404, a bad parameter 400 with its name', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  expect((await api.as('viewer').get('/revisions?mesh=elsewhere')).status).toBe(404)
  const bad = await api.as('viewer').get('/revisions?limit=0')
  expect(bad.status).toBe(400)
  expect((await bad.json()).detail).toContain('limit')
})
