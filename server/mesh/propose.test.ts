import { expect, test } from 'vitest'
import { agent, meshState, peerAuthentication, policy } from '../compile/fixtures.ts'
import { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { ObservedCall, ObservedCalls } from '../contracts/policy-trial.ts'
import { pathsOf, proposePolicy } from './propose-policy.ts'
import { agentsOfTrial, tryPolicy } from './propose-trial.ts'

const tool = agent('tool')
const stateOf = (parts: Partial<MeshState> = {}) => meshState({ agents: [tool, agent('writer'), agent('reader'), agent('spy', {}, 'lab')], ...parts })
const id = (name: string, namespace = 'default') => `spiffe://mesh.test/ns/${namespace}/agent/${name}`
const call = (caller: string | null, method: string, path: string, calls = 1, refused = 0): ObservedCall => ({ caller, method, path, calls, refused })
const observed = (items: ObservedCall[]): ObservedCalls => ({ agent: 'default/tool', from: '', to: '', calls: items.reduce((sum, one) => sum + one.calls, 0), cutAt: null, items })

const SEEN = [call(id('writer'), 'POST', '/mcp', 40), call(id('reader'), 'POST', '/mcp', 2), call(id('writer'), 'GET', '/mcp', 3), call(id('spy', 'lab'), 'GET', '/tasks/123'), call(id('spy', 'lab'), 'GET', '/tasks/456')]

test('the least policy names each caller with what it used, and those alike together', () => {
  const { policy: least, notes } = proposePolicy(stateOf(), tool, [...SEEN, call(id('mallory'), 'POST', '/mcp', 5, 5), call(null, 'GET', '/', 7)])
  expect(least?.metadata).toMatchObject({ name: 'tool-callers', namespace: 'default' })
  expect(least?.spec).toMatchObject({
    action: 'Allow',
    mode: 'Audit',
    rules: [
      { from: [{ agents: ['writer'] }], to: [{ methods: ['GET', 'POST'], paths: ['/mcp'] }] },
      { from: [{ agents: ['reader'] }], to: [{ methods: ['POST'], paths: ['/mcp'] }] },
      { from: [{ agents: ['spy'], namespaces: ['lab'] }], to: [{ methods: ['GET'], paths: ['/tasks/*'] }] },
    ],
  })
  expect(AuthorizationPolicy.safeParse(least).success).toBe(true)
  expect(notes).toEqual(['5 calls were refused then, and stay out.', expect.stringContaining('7 calls came without an identity'), expect.stringContaining('begins as an audit')])
})

test('what it was made from gets through it, and nothing of that is refused', () => {
  const { policy: least } = proposePolicy(stateOf(), tool, SEEN)
  expect(tryPolicy(stateOf(), least!, [observed(SEEN)])).toEqual({ calls: 47, refusedCalls: 0, admittedCalls: 0, refused: [], admitted: [] }) // SEEN names callers
})

test('nobody called, a method that no rule can name, a name that is taken', () => {
  expect(proposePolicy(stateOf(), tool, [])).toEqual({ policy: null, notes: ['Nobody with an identity called in this time.'] })
  expect(proposePolicy(stateOf(), tool, [call(id('writer'), 'BREW', '/pot')]).policy?.spec.rules).toEqual([{ from: [{ identities: [], agents: ['writer'], namespaces: [] }], to: [] }])
  const taken = stateOf({ policies: [policy('tool-callers', { targetRefs: [{ name: 'tool' }], action: 'Allow', rules: [] })] })
  expect(proposePolicy(taken, tool, SEEN).policy?.metadata.name).toBe('tool-callers-observed')
})

test.each([
  [['/a', '/b'], ['/a', '/b']],
  [['/tasks/1', '/tasks/22', '/tasks'], ['/tasks', '/tasks/*']],
  [['/x/0b5c9a32-43fd-4c1a-9b1f-2a86f27f1c11/y'], ['/x/*']],
  [Array.from({ length: 9 }, (_, at) => `/v1/op${at}x`), ['/v1/*']],
  [Array.from({ length: 9 }, (_, at) => `/op${at}x`), []],
  [[`/${'a'.repeat(2000)}`], ['/*']],
])('paths are exact, or what begins alike (%#)', (paths, rules) => {
  expect(pathsOf(paths)).toEqual(rules)
})

const onlyWriter = (spec: Record<string, unknown> = {}) => policy('only-writer', { targetRefs: [{ name: 'tool' }], action: 'Allow', mode: 'Audit', rules: [{ from: [{ agents: ['writer'] }], to: [{ methods: ['POST'] }] }], ...spec })

test('a trial says who would be refused, by whom, the most calls first, whatever the mode', () => {
  const found = tryPolicy(stateOf(), onlyWriter(), [observed(SEEN)])
  expect(found).toMatchObject({ calls: 47, refusedCalls: 7, admittedCalls: 0, admitted: [] })
  expect(found.refused.map((row) => `${row.calls} ${row.method} ${row.path} ${row.why}`)).toEqual([
    '3 GET /mcp an Allow policy guards this agent, and none of its rules names this call',
    '2 POST /mcp an Allow policy guards this agent, and none of its rules names this call',
    '1 GET /tasks/123 an Allow policy guards this agent, and none of its rules names this call',
    '1 GET /tasks/456 an Allow policy guards this agent, and none of its rules names this call',
  ])
})

test('a trial compares with what stands: what is refused already is no news, and what is let in anew is said', () => {
  const state = stateOf({ policies: [onlyWriter({ mode: 'Enforce' })] })
  const wider = onlyWriter({ mode: 'Enforce', rules: [{ from: [{ agents: ['writer', 'reader'] }], to: [{ methods: ['POST'] }] }] })
  expect(tryPolicy(state, wider, [observed(SEEN)])).toMatchObject({ refusedCalls: 0, admittedCalls: 2, admitted: [{ caller: id('reader'), by: { name: 'only-writer' } }] })
  const deny = policy('no-writer', { targetRefs: [{ name: 'tool' }], action: 'Deny', rules: [{ from: [{ agents: ['writer'] }] }] })
  expect(tryPolicy(state, deny, [observed(SEEN)])).toMatchObject({ refusedCalls: 40, refused: [{ calls: 40, by: { kind: 'AuthorizationPolicy', name: 'no-writer' } }] })
})

test.each([
  [null, true, 0],
  [null, false, 0],
  ['spiffe://elsewhere/ns/default/agent/writer', true, 4],
])('calls of nobody of this mesh (%s, permissive %s)', (caller, permissive, refusedCalls) => {
  const state = stateOf(permissive ? { peerAuthentications: [peerAuthentication('open', { mtls: 'permissive' })] } : {})
  const open = policy('everybody', { targetRefs: [{ name: 'tool' }], action: 'Allow', rules: [caller === null ? {} : { from: [{ namespaces: ['default'] }] }] })
  expect(tryPolicy(state, open, [observed([call(caller, 'GET', '/', 4)])])).toMatchObject({ refusedCalls, admittedCalls: 0 }) // where mutual TLS alone is taken, no policy lets plaintext in
})

test('going from permissive to strict cuts who comes in plaintext, whatever policies allow, and nobody else; a policy that names no agent is tried on all of its namespace', () => {
  const open = peerAuthentication('open', { mtls: 'permissive' })
  const strict = peerAuthentication('open', { mtls: 'strict' })
  const state = stateOf({ peerAuthentications: [open] })
  const calls = [observed([...SEEN, call(null, 'GET', '/', 4)])]
  expect(tryPolicy(state, strict, calls)).toMatchObject({ calls: 51, refusedCalls: 4, admittedCalls: 0, refused: [{ caller: null, calls: 4, why: 'it comes in plaintext, and only mutual TLS is taken' }] })
  const letsAll = policy('all', { targetRefs: [{ name: 'tool' }], action: 'Allow', rules: [{}] })
  expect(tryPolicy(stateOf({ peerAuthentications: [open], policies: [letsAll] }), strict, calls)).toMatchObject({ refusedCalls: 4 })
  expect(tryPolicy(stateOf({ peerAuthentications: [strict] }), open, calls)).toMatchObject({ refusedCalls: 0, admittedCalls: 4 })
  expect(agentsOfTrial(state, strict).length).toBe(state.agents.filter(({ metadata }) => metadata.namespace === 'default').length)
})

test('a trial looks at the agents of the policy as it is and as it was', () => {
  const state = stateOf({ policies: [onlyWriter()] })
  const moved = onlyWriter({ targetRefs: [{ name: 'reader' }, { name: 'ghost' }] })
  expect(agentsOfTrial(state, moved).map(({ metadata }) => metadata.name)).toEqual(['reader', 'tool'])
})
