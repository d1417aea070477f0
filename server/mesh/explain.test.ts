import { expect, test } from 'vitest'
import { agent, agentRoute, instance, meshState, route } from '../compile/fixtures.ts'
import { ExplainRequest, type Explanation } from '../contracts/explain.ts'
import { explainCall } from './explain.ts'
import { STRIPPED_HEADER } from './match.ts'

const dye = { id: 'dye_cloth' }
const mesh = meshState({
  agents: [
    agent('vat', { capabilities: [dye], protocol: 'mcp' }),
    agent('brush', { capabilities: [dye] }),
    agent('store', { protocol: 'tcp', instances: [{ address: '10.0.0.9', port: 5432 }] }),
    agent('weaver'),
  ],
  instances: [instance('vat', 'v1', 1, { weight: 3 }), instance('brush', 'v1', 2), instance('weaver', 'v1', 3)],
  agentRoutes: [
    agentRoute('even', { require: { capability: 'dye_cloth' }, strategy: 'even', hostnames: ['dyers.team.mesh'] }),
    agentRoute('words', { require: { capability: 'dye_cloth' }, hostnames: ['words.team.mesh'], semantic: { mode: 'enforce' }, fallback: { name: 'weaver' } }),
    agentRoute('nobody', { require: { capability: 'fly' }, hostnames: ['fly.team.mesh'] }),
  ],
  routes: [route('weaver', { parentRefs: [{ name: 'weaver' }], rules: [{ matches: [{ headers: [{ name: 'x-heddle-decided', value: 'default/vat' }] }], backendRefs: [{ name: 'brush' }] }, { backendRefs: [{ name: 'weaver' }] }] })],
})
const explain = (asked: object) => explainCall(mesh, ExplainRequest.parse({ from: { agent: 'weaver' }, ...asked }))
const shares = ({ outcome, backends }: Explanation) => (outcome.kind === 'answer' ? outcome.status : Object.fromEntries(backends.map((backend) => [backend.agent, backend.share])))

test.each([
  [{ host: 'dyers.team.mesh' }, { 'default/brush': 0.5, 'default/vat': 0.5 }],
  [{ host: 'even.default.route.mesh:80' }, { 'default/brush': 0.5, 'default/vat': 0.5 }],
  [{ host: 'capability.dye-cloth.mesh' }, { 'default/brush': 0.25, 'default/vat': 0.75 }],
  [{ host: 'capability.mesh', headers: { 'X-Heddle-Capability': 'dye_cloth' } }, { 'default/brush': 0.25, 'default/vat': 0.75 }],
  [{ host: 'capability.mesh', headers: { 'mcp-name': 'dye_cloth' } }, { 'default/brush': 0.25, 'default/vat': 0.75 }],
  [{ host: 'capability.mesh' }, 503],
  [{ host: 'capability.swim.mesh' }, 503],
  [{ host: 'fly.team.mesh' }, 503],
  [{ host: 'words.team.mesh' }, { 'default/weaver': 1 }],
  [{ host: 'ghost.mesh' }, 404],
  [{ host: 'store' }, 400],
  [{ host: 'store', method: 'CONNECT' }, { 'default/store': 1 }],
  [{ host: 'weaver', path: '/a%2fb' }, 400],
  [{ host: 'weaver', headers: { 'x-heddle-decided': 'default/vat' } }, { 'default/weaver': 1 }],
])('%j gets %j', (asked, expected) => {
  expect(shares(explain(asked))).toEqual(expected)
})

test('of a route by content it says who may get the call, and that the fallback gets it without a decision', () => {
  const { considered, policies, summary } = explain({ host: 'words.team.mesh' })
  expect(considered.map(({ won, why }) => [won, why.includes('default/vat') || why.includes('default/brush')])).toEqual([[false, true], [false, true], [true, false]])
  expect(policies.map((policy) => policy.agent)).toEqual(['default/weaver'])
  expect(summary[0]).toContain('AgentRoute default/words')
})

test.each([['x-envoy-upstream-rq-timeout-ms', true], ['X-Heddle-Decision', true], ['x-heddle-caller', true], ['x-heddle-inbound-caller', true], ['x-forwarded-client-cert', true], ['x-heddle-capability', false], ['x-request-id', false]])('%s is stripped: %s', (name, stripped) => {
  expect(STRIPPED_HEADER.test(name)).toBe(stripped)
})
