import { expect, test } from 'vitest'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import { readObservedCalls } from '#server/queries/observed-calls.ts'
import { testApi } from '#server/testing/api.ts'
import { startTestCollector } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf } from '#server/testing/spans.ts'
import { testDatabase } from '#server/testing/database.ts'

const object = (kind: string, name: string, spec: Record<string, unknown>) => ({ apiVersion: HEDDLE_API, kind, metadata: { name }, spec })
const SERVER = 2

/** As Envoy tells of a call into `tool`. */
function inbound(caller: string, method: string, path: string, more: Record<string, string> = {}) {
  const attributes = { 'http.method': method, 'url.path': path, 'heddle.route': 'inbound', 'heddle.caller': caller === '' ? '-' : `spiffe://mesh.local/ns/default/agent/${caller}`, 'heddle.verdict': 'via_upstream', ...more }
  return freshSpan({ name: 'tool.default', kind: SERVER, attributes: attributesOf(attributes) })
}

const OF_PROXY = { 'service.name': 'tool', 'service.namespace': 'default', 'service.version': 'v1', 'service.instance.id': 'tool-1', 'heddle.proxy': 'true' }

test('a policy is proposed from the calls that sidecars saw, and tried on them', async () => {
  await using lab = await startTestCollector()
  const api = await testApi(lab.db)
  const [operator, viewer] = [api.as('operator'), api.as('viewer')]
  await operator.post('/objects', { items: ['tool', 'writer', 'reader'].map((name) => object('Agent', name, {})) })
  const again = inbound('reader', 'GET', '/.well-known/agent-card.json', { 'heddle.route': 'card' })
  const spans = [
    inbound('writer', 'POST', '/mcp'), inbound('writer', 'POST', '/mcp'), again, again,
    inbound('reader', 'POST', '/mcp', { 'heddle.verdict': 'rbac_access_denied_matched_policy[none]' }),
    inbound('', 'GET', '/health'),
    inbound('tool', 'GET', '/self', { 'heddle.route': 'default' }), // its own outbound call to its own name
    freshSpan({ name: 'router local egress', kind: 3 }),
    freshSpan({ name: 'tool.default', kind: SERVER, startTimeUnixNano: `${Date.now() - 7_200_000}000000`, endTimeUnixNano: `${Date.now() - 7_199_000}000000`, attributes: attributesOf({ 'heddle.route': 'inbound', 'url.path': '/old' }) }),
  ]
  const { status } = await postOtlp(`${lab.http}/v1/traces`, requestOf(spans, OF_PROXY), { 'content-type': 'application/json' })
  expect(status).toBe(200)
  const forged = inbound('writer', 'DELETE', '/agents-own-word')
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf([forged], { 'service.name': 'tool', 'service.namespace': 'default' }), { 'content-type': 'application/json' })).status).toBe(200)

  const calls = await (await viewer.get('/namespaces/default/agents/tool/calls')).json()
  expect(calls).toMatchObject({ agent: 'default/tool', calls: 5, cutAt: null })
  expect(calls.items.map((item: Record<string, unknown>) => [item.caller, item.method, item.path, item.calls, item.refused])).toEqual(
    expect.arrayContaining([
      ['spiffe://mesh.local/ns/default/agent/writer', 'POST', '/mcp', 2, 0],
      ['spiffe://mesh.local/ns/default/agent/reader', 'GET', '/.well-known/agent-card.json', 1, 0],
      ['spiffe://mesh.local/ns/default/agent/reader', 'POST', '/mcp', 1, 1],
      [null, 'GET', '/health', 1, 0],
    ]),
  )
  expect(calls.items).toHaveLength(4)

  const proposal = await (await viewer.get('/namespaces/default/agents/tool/proposed-policy?window=30m')).json()
  expect(proposal.policy.spec.rules.map((rule: { from: { agents: string[] }[] }) => rule.from[0]?.agents).flat().sort()).toEqual(['reader', 'writer'])
  expect((await operator.put('/namespaces/default/authorizationpolicies/tool-callers?dryRun=All', proposal.policy)).status).toBe(200)

  const onlyWriter = object('AuthorizationPolicy', 'only-writer', { targetRefs: [{ name: 'tool' }], action: 'Allow', mode: 'Audit', rules: [{ from: [{ agents: ['writer'] }] }] })
  const trial = await (await viewer.post('/policy-trials', { policy: onlyWriter })).json()
  // The reader's POST was refused by what stood then; what stands now takes it, so the policy would refuse both of its calls.
  expect(trial).toMatchObject({ calls: 5, refusedCalls: 2, admittedCalls: 0, cutAt: null })
  expect(trial.refused.map((row: { caller: string }) => row.caller)).toEqual(Array(2).fill('spiffe://mesh.local/ns/default/agent/reader'))
  expect((await (await viewer.get('/authorizationpolicies')).json()).items).toEqual([])
  const newest = await readObservedCalls(lab.db, 'local', { namespace: 'default', name: 'tool' }, { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 1000) }, 2)
  expect(newest.cutAt).not.toBeNull()
  expect(newest.calls).toBeLessThanOrEqual(2)
})

const policy = object('AuthorizationPolicy', 'p', { targetRefs: [{ name: 'ghost' }], action: 'Allow', rules: [] })

test.each([
  ['GET', '/namespaces/default/agents/nobody/calls', undefined, 404],
  ['GET', '/namespaces/default/agents/nobody/proposed-policy', undefined, 404],
  ['GET', '/namespaces/default/agents/nobody/calls?window=soon', undefined, 404],
  ['POST', '/policy-trials', { policy, window: 'soon' }, 400],
  ['POST', '/policy-trials', { policy, window: '25h' }, 400],
  ['POST', '/policy-trials', { policy, window: `${'9'.repeat(40)}h` }, 422],
  ['POST', '/policy-trials', {}, 422],
  ['POST', '/policy-trials', { policy: { ...policy, kind: 'Agent' } }, 422],
  ['POST', '/policy-trials', { policy, more: 1 }, 422],
  ['POST', '/policy-trials', { policy }, 200],
])('%s %s is answered in kind (%#)', async (method, path, body, status) => {
  await using db = await testDatabase()
  const viewer = (await testApi(db)).as('viewer')
  const answer = method === 'GET' ? await viewer.get(path) : await viewer.post(path, body)
  expect(answer.status).toBe(status)
  if (status === 200) expect(await answer.json()).toMatchObject({ calls: 0, refused: [], admitted: [] })
  else expect(answer.headers.get('content-type')).toBe('application/problem+json')
})
