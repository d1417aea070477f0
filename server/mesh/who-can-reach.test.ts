import { expect, test } from 'vitest'
import { agent, agentRoute, instance, meshState, peerAuthentication, policy, route } from '../compile/fixtures.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { findAgent } from './reach.ts'
import { reachOf } from './who-can-reach.ts'

const AGENTS = [agent('tool', { exportTo: [] }), agent('writer', { exportTo: [] }), agent('spy', {}, 'lab'), agent('hidden', { exportTo: [] }, 'lab'), agent('shared', { exportTo: ['*'] }, 'lab')]
const target = { targetRefs: [{ name: 'tool' }] }
const onlyWriter = policy('only-writer', { ...target, action: 'Allow', rules: [{ from: [{ agents: ['writer'] }] }] })

function rowOf(parts: Partial<MeshState>, to: string, caller: string) {
  const state = meshState({ agents: AGENTS, ...parts })
  const [namespace = '', name = ''] = to.split('/')
  return reachOf(state, findAgent(state, namespace, name)!, 'callers').items.find((row) => row.agent === caller)! // both are among AGENTS
}

test.each<[string, Partial<MeshState>, string, string, string, string]>([
  ['nothing is said', {}, 'default/tool', 'default/writer', 'all', 'Every call: no Allow policy guards it.'],
  ['another namespace, not exported', {}, 'default/tool', 'lab/spy', 'none', 'No name that lab may call leads to default/tool.'],
  ['exported to all', {}, 'lab/shared', 'default/writer', 'all', 'Every call: no Allow policy guards it.'],
  ['an Allow names it', { policies: [onlyWriter] }, 'default/tool', 'default/writer', 'all', 'Every call, by AuthorizationPolicy default/only-writer.'],
  ['an Allow names another', { agents: [...AGENTS, agent('third')], policies: [onlyWriter] }, 'default/tool', 'default/third', 'none', 'No rule of AuthorizationPolicy default/only-writer names it.'],
  ['an Allow of some calls', { policies: [policy('p', { ...target, action: 'Allow', rules: [{ to: [{ methods: ['POST'], paths: ['/mcp*'] }] }] })] }, 'default/tool', 'default/writer', 'some', 'Only POST /mcp*, by AuthorizationPolicy default/p.'],
  ['a Deny of some calls', { policies: [policy('no', { ...target, action: 'Deny', rules: [{ to: [{ paths: ['/admin*'] }] }] })] }, 'default/tool', 'default/writer', 'some', 'Every call but /admin*, refused by AuthorizationPolicy default/no.'],
  ['a Deny over an Allow', { policies: [onlyWriter, policy('no', { ...target, action: 'Deny', rules: [{ from: [{ namespaces: ['default'] }] }] })] }, 'default/tool', 'default/writer', 'none', 'Every call is refused by AuthorizationPolicy default/no.'],
  ['only audited', { policies: [policy('later', { ...target, action: 'Deny', mode: 'Audit', rules: [{}] })] }, 'default/tool', 'default/writer', 'all', 'Every call: no Allow policy guards it.'],
  ['revoked', { policies: [onlyWriter], revoked: ['spiffe://mesh.test/ns/default/agent/writer'] }, 'default/tool', 'default/writer', 'none', 'spiffe://mesh.test/ns/default/agent/writer is revoked.'],
  ['its own route turns calls away', { routes: [route('tool', { parentRefs: [{ name: 'tool' }], rules: [{ backendRefs: [{ name: 'writer' }] }] })], agents: [...AGENTS, agent('third')] }, 'default/tool', 'default/third', 'none', 'No name that default may call leads to default/tool.'],
])('%s', (_, parts, to, caller, verdict, why) => {
  expect(rowOf(parts, to, caller)).toMatchObject({ verdict, why })
})

test('another agent’s route, a mirror and what is asked for lead there as well', () => {
  const byRoute = route('writer', { parentRefs: [{ name: 'writer' }], rules: [{ backendRefs: [{ name: 'tool' }, { name: 'writer', weight: 0 }] }] })
  const mirror = route('tool', { parentRefs: [{ name: 'tool' }], rules: [{ backendRefs: [{ name: 'tool' }], filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'writer' } } }] }] })
  const third = agent('third', { capabilities: [{ id: 'draw', name: 'draw' }] })
  const state = { agents: [...AGENTS, third], routes: [byRoute, mirror], agentRoutes: [agentRoute('ask', { candidates: [{ name: 'tool' }], fallback: { name: 'third' } })] }
  expect(rowOf(state, 'default/tool', 'default/third').names).toEqual(['tool.default.mesh', 'writer.default.mesh', 'ask.default.route.mesh'])
  expect(rowOf(state, 'default/writer', 'default/third').names).toEqual(['tool.default.mesh'])
  expect(rowOf(state, 'default/third', 'default/writer').names).toEqual(['third.default.mesh', 'ask.default.route.mesh', 'capability.draw.mesh'])
})

test('what an agent can reach is the same question from the other side', () => {
  const state = meshState({ agents: AGENTS, policies: [onlyWriter] })
  const callees = reachOf(state, findAgent(state, 'lab', 'spy')!, 'callees')
  expect(callees).toMatchObject({ agent: 'lab/spy', counts: { all: 2, some: 0, none: 2 }, plaintext: null, unguarded: null })
  expect(callees.items.map((row) => `${row.agent} ${row.verdict}`)).toEqual(['lab/hidden all', 'lab/shared all', 'default/tool none', 'default/writer none'])
  for (const row of callees.items) expect(rowOf({ policies: [onlyWriter] }, row.agent, 'lab/spy').verdict).toBe(row.verdict)
})

test.each([
  [[], 'all'],
  [[onlyWriter], 'none'],
  [[policy('p', { ...target, action: 'Allow', rules: [{ to: [{ paths: ['/open'] }] }] })], 'some'],
  [[policy('p', { ...target, action: 'Deny', rules: [{}] })], 'none'],
  [[policy('p', { ...target, action: 'Deny', rules: [{ to: [{ paths: ['/x'] }] }] })], 'some'],
])('who comes without an identity to a permissive agent (%#)', (policies, plaintext) => {
  const state = meshState({ agents: AGENTS, policies, peerAuthentications: [peerAuthentication('open', { mtls: 'permissive' })], instances: [instance('tool', 'v1', 1), instance('tool', 'v1', 2, { tls: false })] })
  expect(reachOf(state, findAgent(state, 'default', 'tool')!, 'callers')).toMatchObject({ plaintext, unguarded: 1 })
  expect(reachOf({ ...state, peerAuthentications: [] }, findAgent(state, 'default', 'tool')!, 'callers').plaintext).toBe('none')
})
