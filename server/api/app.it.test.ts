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

/** Five of each: rows of one moment and one owner, which a page must tell apart all the same. */
const FIVE = {
  certificates: {
    rows: `with ca as (insert into certificate_authority (mesh, id, role, state, subject, serial, not_before, not_after, pem) values ('local', 'ca', 'issuing', 'active', 'x', '', now(), now() + '1d', '') returning id)
           insert into svid (mesh, serial, spiffe_id, proxy, issuer_id, not_before, not_after, revoked_at) select 'local', 'a' || n, 'spiffe://mesh.local/ns/default/agent/a', 'a-v1', ca.id, now(), now() + '1d', now() from ca, generate_series(1, 5) n`,
    idOf: (item: Record<string, string>) => item['serial'],
  },
  rotations: {
    rows: `insert into rotation (mesh, id, state, step, started_by, started_at, ended_at) select 'local', gen_random_uuid()::text, 'done', 'done', 'x', now(), now() from generate_series(1, 5)`,
    idOf: (item: Record<string, string>) => item['id'],
  },
}

test.each(Object.entries(FIVE))('a list of %s is read page by page, each item once', async (path, { rows, idOf }) => {
  await using db = await testDatabase()
  const viewer = (await testApi(db)).as('viewer')
  await db.pool.query(rows)
  const seen: (string | undefined)[] = []
  let cursor: string | null = null
  do {
    const page: Page = (await (await viewer.get(`/${path}?limit=2${cursor ? `&continue=${cursor}` : ''}`)).json()) as Page
    expect(page.items.length).toBeLessThanOrEqual(2)
    seen.push(...page.items.map(idOf))
    cursor = page.metadata.continue
  } while (cursor !== null && seen.length < 10)
  expect([seen.length, new Set(seen).size]).toEqual([5, 5])
})

interface Page {
  items: Record<string, string>[]
  metadata: { continue: string | null }
}
