import { expect, test } from 'vitest'
import { GATEWAY_API, HEDDLE_API } from '#server/contracts/meta.ts'
import { OPTIONAL_EXTENSIONS } from '#server/mesh/optional-extensions.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const agent = (name: string, spec: Record<string, unknown> = {}) => ({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name }, spec: { instances: [{ address: '127.0.0.1', port: 9000 }], ...spec } })
const route = (name: string, rule: Record<string, unknown>) => ({ apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name }, spec: { parentRefs: [{ name }], rules: [rule] } })

test('a set of objects that need each other is judged and stored as one; explain and analysis tell what it does', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  const [operator, viewer] = [api.as('operator'), api.as('viewer')]
  const items = [route('callee', { name: 'only', backendRefs: [{ name: 'callee' }], retry: { codes: [500], attempts: 9 } }), agent('callee'), agent('caller')]
  expect((await viewer.post('/objects', { items })).status).toBe(403)
  const dry = await (await operator.post('/objects?dryRun=All', { items })).json()
  expect(dry).toMatchObject({ valid: true, problems: [] })
  expect(dry.objectDiff).toHaveLength(3)
  expect(dry.warnings.map((warning: { code: string }) => warning.code)).toEqual(expect.arrayContaining(['retries_many', 'retry_repeats_effects', 'plaintext_backend']))
  const stored = await (await operator.post('/objects?reason=together', { items })).json()
  expect(stored).toMatchObject({ revision: 1, items: [{ kind: 'HTTPRoute', metadata: { resourceVersion: '1' } }, {}, {}] })
  expect((await operator.post('/objects', { items })).status).toBe(428)
  const again = items.map((item) => ({ ...item, metadata: { ...item.metadata, resourceVersion: '1' } }))
  expect(await (await operator.post('/objects', { items: again })).json()).toMatchObject({ revision: null })

  const said = await (await viewer.post('/explain', { from: { agent: 'caller' }, host: 'callee', path: '/x', method: 'POST' })).json()
  expect(said).toMatchObject({ target: 'default/callee', outcome: { kind: 'forward', path: '/x' }, considered: [{ won: true, ruleName: 'only' }], backends: [{ share: 1, version: 'v1', instances: [{ address: '127.0.0.1' }] }], policies: [{ allowed: true }] })
  expect(said.summary.join(' ')).toContain('Rule 1 (only) of HTTPRoute default/callee decides: every call.')
  const status = await (await viewer.get('/namespaces/default/httproutes/callee/status')).json()
  expect(status.parents[0].conditions).toMatchObject([{ type: 'Accepted', status: 'True', observedGeneration: 1 }, { type: 'ResolvedRefs', status: 'True' }])
  expect((await viewer.get('/namespaces/default/httproutes/nobody/status')).status).toBe(404)
  expect((await viewer.get('/namespaces/default/agents/callee/status')).status).toBe(404)
  const analysis = await (await viewer.get('/analysis')).json()
  const fault = { apiVersion: HEDDLE_API, kind: 'TrafficPolicy', metadata: { name: 'callee' }, spec: { targetRefs: [{ name: 'callee' }], rateLimit: { requests: 5 } } }
  await db.pool.query(`insert into proxy (mesh, id, namespace, agent, version, spiffe_id, lacking) values ('local', 'callee-1', 'default', 'callee', 'v1', 'spiffe://x/ns/default/agent/callee', $1)`, [[OPTIONAL_EXTENSIONS.rateLimit.type]])
  const warned = await (await operator.put('/namespaces/default/trafficpolicies/callee?dryRun=All', fault)).json()
  expect(warned.warnings).toContainEqual(expect.objectContaining({ code: 'unsupported_by_proxies', pointer: '/spec/rateLimit', detail: expect.stringContaining('not supported by one proxy (callee-1)') }))
  await operator.put('/namespaces/default/trafficpolicies/callee', fault)
  const marked = await (await viewer.get('/analysis')).json()
  expect(marked.items.find((item: { code: string }) => item.code === 'unsupported_by_proxies')).toMatchObject({ object: { kind: 'TrafficPolicy', name: 'callee' }, proxies: ['callee-1'] })
  expect(analysis.items.find((item: { code: string }) => item.code === 'retries_many')).toMatchObject({ object: { kind: 'HTTPRoute', name: 'callee' }, pointer: '/spec/rules/0/retry/attempts', severity: 'warning', fix: expect.any(String) })
})

test.each([
  ['/explain', {}, 422],
  ['/explain', { from: { agent: 'caller' }, host: '' }, 422],
  ['/explain', { from: { agent: 'Caller!' }, host: 'x' }, 422],
  ['/explain', { from: { agent: 'caller' }, host: 'x', path: 'no-slash' }, 422],
  ['/explain', { from: { agent: 'caller' }, host: 'x', method: 'BREW' }, 422],
  ['/explain', { from: { agent: 'caller' }, host: 'x', headers: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`h${index}`, ''])) }, 422],
  ['/explain', { from: { agent: 'caller' }, host: 'x', more: 1 }, 422],
  ['/explain', { from: { agent: 'caller' }, host: 'x' }, 404],
  ['/objects', { items: [] }, 422],
  ['/objects', { items: [{ kind: 'Nothing', metadata: { name: 'a' } }] }, 422],
  ['/objects', { items: [{ ...agent('a'), spec: { nope: 1 } }] }, 422],
  ['/objects', { items: [agent('a'), agent('a')] }, 422],
  ['/objects', { items: [{ ...agent('a'), metadata: { name: 'a', resourceVersion: 'x' } }] }, 422],
  ['/objects', { items: [{ ...agent('a'), metadata: { name: 'a', resourceVersion: '7' } }] }, 409],
  ['/objects', { items: [{ ...agent('a'), kind: 'AgentVersion' }] }, 403],
  ['/objects', { items: Array.from({ length: 1001 }, (_, index) => agent(`a${index}`)) }, 422],
  ['/objects', { items: [route('ghost', { backendRefs: [{ name: 'ghost' }] })] }, 422],
])('bad input at %s is answered in kind (%#)', async (path, body, status) => {
  await using db = await testDatabase()
  const operator = (await testApi(db)).as('operator')
  const answer = await operator.post(path, body)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  expect((await (await operator.get('/agents')).json()).items).toEqual([])
})
