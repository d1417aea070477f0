import { expect, test } from 'vitest'
import { GATEWAY_API, HEDDLE_API } from '#server/contracts/meta.ts'
import { commitChange } from '#server/changes/commit.ts'
import { AgentVersion } from '#server/contracts/agent.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'
import type { Db } from '#server/db/client.ts'

const agent = (name: string) => ({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name }, spec: {} })
const at = '/namespaces/default/httproutes/translator'

function route(v1: number, v2: number, edit: (rule: Record<string, unknown>) => void = () => {}) {
  const rule = { backendRefs: [{ kind: 'AgentVersion', name: 'translator-v1', weight: v1 }, { kind: 'AgentVersion', name: 'translator-v2', weight: v2 }] }
  edit(rule)
  return { apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name: 'translator' }, spec: { parentRefs: [{ name: 'translator' }], rules: [rule] } }
}

/** A mesh with the agent translator in versions v1 and v2, as two sidecars would have registered it: revisions 1 and 2. */
async function withTranslator(db: Db) {
  const api = await testApi(db)
  await api.as('operator').put('/namespaces/default/agents/translator', agent('translator'))
  const versions = ['v1', 'v2'].map((version) =>
    AgentVersion.parse({ apiVersion: HEDDLE_API, kind: 'AgentVersion', metadata: { name: `translator-${version}` }, spec: { agent: 'translator', version } }),
  )
  const changes = versions.map((after) => ({ ref: { kind: 'AgentVersion', namespace: 'default', name: after.metadata.name } as const, expected: null, after }))
  await commitChange(db, { mesh: 'local', author: 'control', reason: 'registered', changes })
  return { ...api, operator: api.as('operator'), viewer: api.as('viewer') }
}

test('an object is created, read, changed with its ETag, and deleted, each write one revision', async () => {
  await using db = await testDatabase()
  const { operator, viewer } = await withTranslator(db)
  const made = await operator.put(at, route(90, 10))
  expect([made.status, made.headers.get('etag'), made.headers.get('x-heddle-revision')]).toEqual([201, '"3"', '3'])
  const read = await viewer.get(at)
  expect(read.headers.get('etag')).toBe('"3"')
  expect(await read.json()).toMatchObject({ metadata: { generation: 1, resourceVersion: '3' }, spec: { rules: [{ backendRefs: [{ weight: 90 }, { weight: 10 }] }] } })

  const changed = await operator.put(at, route(50, 50), { 'if-match': 'W/"3"' }) // as a proxy that compresses passes it on
  expect([changed.status, changed.headers.get('x-heddle-revision')]).toEqual([200, '4'])
  const same = await operator.put(at, route(50, 50), { 'if-match': '"4"' })
  expect([same.status, same.headers.get('x-heddle-revision')]).toEqual([200, '4'])
  const patched = await operator.patch(at, { metadata: { labels: { team: 'words' } } }, { 'content-type': 'application/merge-patch+json', 'if-match': '"4"' })
  expect(await patched.json()).toMatchObject({ metadata: { labels: { team: 'words' }, generation: 2, resourceVersion: '5' } })
  expect(await (await viewer.get('/httproutes?labelSelector=team%3Dwords')).json()).toMatchObject({ items: [{ metadata: { name: 'translator' } }], metadata: { resourceVersion: '5' } })
  expect(await (await viewer.get('/httproutes?labelSelector=team%3Dothers')).json()).toMatchObject({ items: [] })

  const gone = await operator.delete(at)
  expect([gone.status, gone.headers.get('x-heddle-revision')]).toEqual([200, '6'])
  expect((await viewer.get(at)).status).toBe(404)
})

test('a write over an existing object says which version it changes, and a stale one gets the current object', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  await operator.put(at, route(90, 10))
  const bare = await operator.put(at, route(1, 1))
  expect([bare.status, (await bare.json()).code]).toEqual([428, 'precondition_required'])
  await operator.put(at, route(80, 20), { 'if-match': '"3"' })
  const stale = await operator.put(at, route(70, 30), { 'if-match': '"3"' })
  expect(stale.status).toBe(409)
  expect(await stale.json()).toMatchObject({ code: 'conflict', current: { metadata: { resourceVersion: '4' }, spec: { rules: [{ backendRefs: [{ weight: 80 }, { weight: 20 }] }] } } })
  expect((await operator.put(at, route(1, 1), { 'if-match': '3' })).status).toBe(400)
})

const REFUSED: [string, unknown, string, string][] = [
  ['weights that are all zero', route(0, 0), '/spec/rules/0/backendRefs', 'weights_all_zero'],
  ['a weight below zero', route(-1, 100), '/spec/rules/0/backendRefs/0/weight', 'too_small'],
  ['a weight that is text', route('90' as unknown as number, 10), '/spec/rules/0/backendRefs/0/weight', 'wrong_type'],
  ['a version nobody registered', route(1, 1, (rule) => Object.assign(rule, { backendRefs: [{ kind: 'AgentVersion', name: 'translator-v9' }] })), '/spec/rules/0/backendRefs/0/name', 'dangling'],
  ['a field that is not there', route(1, 1, (rule) => Object.assign(rule, { 'mirror/all': true })), '/spec/rules/0/mirror~1all', 'unknown_field'],
  ['a try longer than the request', route(1, 1, (rule) => Object.assign(rule, { timeouts: { request: '1s', backendRequest: '2s' } })), '/spec/rules/0/timeouts/backendRequest', 'timeouts_order'],
  ['another name than the address', { ...route(1, 1), metadata: { name: 'other' } }, '/metadata/name', 'wrong_address'],
  ['another kind', { ...route(1, 1), kind: 'Agent' }, '/kind', 'not_allowed_value'],
  ['no object', [], '', 'wrong_type'],
]

test.each(REFUSED)('refused with its pointer, nothing stored: %s', async (_name, body, pointer, code) => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  const refused = await operator.put(at, JSON.stringify(body))
  expect(refused.status).toBe(422)
  expect((await refused.json()).problems).toContainEqual(expect.objectContaining({ pointer, code }))
  const dry = await operator.put(`${at}?dryRun=All`, JSON.stringify(body))
  expect([dry.status, await dry.json()]).toMatchObject([200, { valid: false }])
  expect((await db.pool.query('select head from mesh')).rows).toEqual([{ head: 2 }])
})

test('a dry run says in words what would happen and stores nothing', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  await operator.put(at, route(90, 10))
  const dry = await operator.put(`${at}?dryRun=All`, route(50, 50), { 'if-match': '"3"' })
  expect(await dry.json()).toMatchObject({
    valid: true,
    problems: [],
    summary: ['translator-v1 gets 50 % (now 90 %).', 'translator-v2 gets 50 % (now 10 %).', 'No proxy is connected; those that join start with it.'],
    objectDiff: [{ object: { kind: 'HTTPRoute' }, before: { metadata: { resourceVersion: '3' } } }],
  })
  expect((await db.pool.query('select head from mesh')).rows).toEqual([{ head: 3 }])
})

test('a dry run of a form that is no longer current is the conflict that the write would be', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  await operator.put(at, route(90, 10))
  await operator.put(at, route(80, 20), { 'if-match': '"3"' })
  const answers = async (dry: string) => [
    await operator.put(`${at}${dry}`, route(50, 50), { 'if-match': '"3"' }),
    await operator.put(`${at}${dry}`, route(50, 50)),
    await operator.patch(`${at}${dry}`, { metadata: { labels: { team: 'words' } } }, { 'if-match': '"3"', 'content-type': 'application/merge-patch+json' }),
    await operator.delete(`${at}${dry}`, undefined, { 'if-match': '"3"' }),
    await operator.post(`/objects${dry}`, { items: [{ ...route(50, 50), metadata: { name: 'translator', resourceVersion: '3' } }] }),
  ]
  const said = async (responses: Response[]) => Promise.all(responses.map(async (response) => [response.status, (await response.json()).detail]))
  const dry = await said(await answers('?dryRun=All'))
  expect(dry.map(([status]) => status)).toEqual([409, 428, 409, 409, 409])
  expect(dry[0]?.[1]).toMatch(/is now at version 4; you changed version 3/)
  expect(dry).toEqual(await said(await answers('')))
})

test('a regular expression is stored unread, with a warning', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  const lookahead = route(1, 1, (rule) => Object.assign(rule, { matches: [{ path: { type: 'RegularExpression', value: '/a(?=b)' } }] }))
  const dry = await operator.put(`${at}?dryRun=All`, lookahead)
  expect(await dry.json()).toMatchObject({ valid: true, warnings: expect.arrayContaining([expect.objectContaining({ pointer: '/spec/rules/0/matches/0/path/value', code: 'regex_unverified' })]) })
  expect((await operator.put(at, lookahead)).status).toBe(201)
})

test('what others refer to is not deleted; the referrer is named', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  await operator.put(at, route(1, 1))
  const refused = await operator.delete('/namespaces/default/agents/translator')
  expect(refused.status).toBe(422)
  expect((await refused.json()).problems[0]).toMatchObject({ code: 'referenced', detail: expect.stringContaining('HTTPRoute default/translator') })
  await operator.delete(at)
  expect((await operator.delete('/namespaces/default/agents/translator')).status).toBe(200)
  expect((await (await operator.get('/agentversions')).json()).items).toEqual([]) // they go with their agent
})

test('an agent version is read-only', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  expect((await operator.delete('/namespaces/default/agentversions/translator-v1')).status).toBe(403)
  expect((await operator.patch('/namespaces/default/agentversions/translator-v1', {}, { 'content-type': 'application/merge-patch+json' })).status).toBe(403)
})

test('a revert is a new revision, can itself be reverted, and never undoes what came after', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  await operator.put(at, route(90, 10)) // 3
  await operator.put(at, route(50, 50), { 'if-match': '"3"' }) // 4
  const back = await operator.post('/revisions/4/revert', { reason: 'too soon' }) // 5
  expect(await back.json()).toMatchObject({ revision: 5, reverts: 4, reason: 'too soon' })
  expect(await (await operator.get(at)).json()).toMatchObject({ spec: { rules: [{ backendRefs: [{ weight: 90 }, { weight: 10 }] }] } })
  expect((await operator.post('/revisions/5/revert')).status).toBe(200) // 6
  expect(await (await operator.get(at)).json()).toMatchObject({ spec: { rules: [{ backendRefs: [{ weight: 50 }, { weight: 50 }] }] } })

  await operator.patch(at, { metadata: { labels: { team: 'words' } } }, { 'content-type': 'application/merge-patch+json' }) // 7: elsewhere in the object
  expect((await operator.post('/revisions/6/revert')).status).toBe(200) // 8
  expect(await (await operator.get(at)).json()).toMatchObject({ metadata: { labels: { team: 'words' } }, spec: { rules: [{ backendRefs: [{ weight: 90 }, { weight: 10 }] }] } })
  expect((await operator.post('/revisions/4/revert')).status).toBe(409) // taken back already
  await operator.put(at, route(70, 30), { 'if-match': '"8"' }) // 9: the same place
  const again = await operator.post('/revisions/8/revert')
  expect([again.status, await again.json()]).toEqual([409, expect.objectContaining({ code: 'conflict', detail: expect.stringContaining('was changed again in revision 9') })])
  expect((await operator.post('/revisions/99/revert')).status).toBe(404)
})

test('a revert that would leave a reference without its object is refused with the problem', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  await operator.put(at, route(1, 1)) // 3
  await operator.delete(at) // 4
  await operator.delete('/namespaces/default/agents/translator') // 5
  const refused = await operator.post('/revisions/4/revert')
  expect(refused.status).toBe(422)
  expect((await refused.json()).problems).toContainEqual(expect.objectContaining({ code: 'dangling', pointer: '/spec/parentRefs/0/name' }))
})

test('YAML goes in and out; what could explode or be read two ways is refused', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  const yaml = 'apiVersion: heddle.dev/v1alpha1\nkind: Agent\nmetadata:\n  name: writer\nspec:\n  type: agent\n'
  const asYaml = { 'content-type': 'application/yaml', accept: 'application/yaml' }
  const made = await operator.put('/namespaces/default/agents/writer', yaml, asYaml)
  expect([made.status, made.headers.get('content-type')]).toEqual([201, 'application/yaml'])
  expect(await made.text()).toContain('kind: Agent\n')
  const bomb = `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n`
  expect((await operator.put('/namespaces/default/agents/bomb', bomb, asYaml)).status).toBe(400)
  expect((await operator.put('/namespaces/default/agents/twice', 'kind: Agent\nkind: Agent\n', asYaml)).status).toBe(400)
})

test('a list goes on where the page before ended', async () => {
  await using db = await testDatabase()
  const { operator } = await withTranslator(db)
  for (const name of ['anna', 'berta', 'carla']) await operator.put(`/namespaces/default/agents/${name}`, agent(name))
  const names: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 5; pages++) {
    const page = await (await operator.get(`/agents?limit=2${cursor && `&continue=${cursor}`}`)).json()
    names.push(...page.items.map((item: { metadata: { name: string } }) => item.metadata.name))
    cursor = page.metadata.continue
    if (!cursor) break
  }
  expect(names).toEqual(['anna', 'berta', 'carla', 'translator'])
  expect((await operator.get('/agents?continue=nonsense')).status).toBe(400)
})
