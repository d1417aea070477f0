// What is taken over from the state before must be what compiling from nothing makes.
import { expect, test } from 'vitest'
import type { MeshState } from '../contracts/mesh-state.ts'
import { keepUnchanged } from '../mesh/keep-unchanged.ts'
import { agent, agentVersion, egressPolicy, gateway, instance, meshState, peerAuthentication, policy, proxyView, route, split, trafficPolicy } from './fixtures.ts'
import { compileSnapshot, listResources, type Snapshot } from './snapshot.ts'

const START = meshState({
  agents: [agent('caller'), agent('callee'), agent('other')],
  versions: [agentVersion('callee', 'v1'), agentVersion('callee', 'v2')],
  instances: [instance('callee', 'v1', 1), instance('callee', 'v2', 2), instance('other', 'v1', 3)],
})

const EDITS: Record<string, Partial<MeshState>> = {
  'nothing': {},
  'a route': { routes: [split('callee', { v1: 1, v2: 1 })] },
  'its weights': { routes: [split('callee', { v1: 1, v2: 3 })] },
  'an instance': { instances: [instance('callee', 'v1', 1), instance('callee', 'v2', 2), instance('other', 'v1', 3), instance('other', 'v1', 4)] },
  'a policy of callers': { policies: [policy('doors', { targetRefs: [{ name: 'caller' }], action: 'Allow', rules: [{ from: [{ agents: ['other'] }] }] })] },
  'limits': { trafficPolicies: [trafficPolicy('callee', { targetRefs: [{ name: 'callee' }], circuitBreaker: { maxConnections: 3 } })] },
  'mutual TLS': { peerAuthentications: [peerAuthentication('all', { mtls: 'permissive' })] },
  'who is refused': { revoked: ['spiffe://mesh.test/ns/default/agent/other'] },
  'what is outside': { egressPolicies: [egressPolicy('closed', { unknownHosts: 'Block' })] },
  'a gateway': { gateways: [gateway('door', 'caller', [{ name: 'front', port: 8443, protocol: 'HTTP' }])] },
  'a route through it': { routes: [split('callee', { v1: 1, v2: 3 }), route('in', { parentRefs: [{ kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'door' }], rules: [{ backendRefs: [{ name: 'callee' }] }] })] },
  'no gateway': { gateways: [] },
  'another protocol': { agents: [agent('caller', { protocol: 'a2a' }), agent('callee'), agent('other')] },
  'no such agent': { agents: [agent('callee'), agent('other')] },
}

test.each(['vhds', 'inline'] as const)('%s: after each edit of a row of them', (virtualHosts) => {
  let state = START
  let revision = 1
  const views = [proxyView('caller'), proxyView('callee')]
  const before = new Map<string, Snapshot>()
  for (const [what, edit] of Object.entries(EDITS)) {
    state = keepUnchanged(state, structuredClone({ ...state, ...edit, revision: ++revision }))
    for (const view of views) {
      const reused = compileSnapshot(state, { ...view }, { virtualHosts, before: before.get(view.id) ?? null })
      const fresh = compileSnapshot(structuredClone(state), view, { virtualHosts })
      const told = (snapshot: Snapshot) => listResources(snapshot).map(({ typeUrl, name, scope, version, object }) => ({ typeUrl, name, scope, version, object }))
      expect(told(reused), what).toEqual(told(fresh))
      if (what === 'nothing' && before.has(view.id)) expect(reused.resources).toBe(before.get(view.id)?.resources)
      before.set(view.id, reused)
    }
  }
})

test('what an edit does not concern is the same value, so that nobody looks at it again', () => {
  const far = { agents: [agent('near'), agent('far', { exportTo: [] }, 'elsewhere')], instances: [instance('near', 'v1', 1)] }
  const first = meshState(far)
  const snapshot = compileSnapshot(first, proxyView('near'))
  const second = keepUnchanged(first, structuredClone({ ...first, revision: 2, instances: [...first.instances, instance('far', 'v1', 9, { namespace: 'elsewhere' })] }))
  expect(compileSnapshot(second, proxyView('near'), { virtualHosts: 'vhds', before: snapshot }).resources).toBe(snapshot.resources)
  const third = keepUnchanged(second, structuredClone({ ...second, revision: 3, instances: [...second.instances, instance('near', 'v1', 10)] }))
  expect(compileSnapshot(third, proxyView('near'), { virtualHosts: 'vhds', before: snapshot }).resources).not.toBe(snapshot.resources)
})
