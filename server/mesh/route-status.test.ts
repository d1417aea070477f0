import { expect, test } from 'vitest'
import { agent, gateway, meshState, route } from '../compile/fixtures.ts'
import type { HTTPRoute } from '../contracts/http-route.ts'
import { routeStatus } from './route-status.ts'

const state = meshState({ agents: [agent('loom'), agent('spinner'), agent('hidden', { exportTo: [] }, 'mill')], gateways: [gateway('door', 'loom', [{ name: 'http', port: 8088, protocol: 'HTTP', hostname: 'mill.example' }])] })
const to = (parent: Record<string, unknown>, backend: Record<string, unknown> = { name: 'spinner' }, more: Record<string, unknown> = {}) => route('r', { parentRefs: [parent], rules: [{ backendRefs: [backend] }], ...more })
const door = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'door' }

test.each<[string, HTTPRoute, string[]]>([
  ['sound', to({ name: 'spinner' }), ['Accepted True Accepted', 'ResolvedRefs True ResolvedRefs']],
  ['a parent that is gone', to({ name: 'ghost' }), ['Accepted False NoMatchingParent', 'ResolvedRefs True ResolvedRefs']],
  ['a listener that is gone', to({ ...door, sectionName: 'tls' }), ['Accepted False NoMatchingParent', 'ResolvedRefs True ResolvedRefs']],
  ['a host that nobody takes', to(door, undefined, { hostnames: ['other.example'] }), ['Accepted False NoMatchingListenerHostname', 'ResolvedRefs True ResolvedRefs']],
  ['a backend that is gone', to({ name: 'spinner' }, { name: 'ghost' }), ['Accepted True Accepted', 'ResolvedRefs False BackendNotFound']],
  ['a backend that is not ours', to({ name: 'spinner' }, { namespace: 'mill', name: 'hidden' }), ['Accepted True Accepted', 'ResolvedRefs False RefNotPermitted']],
  ['weights of nothing', to({ name: 'spinner' }, { name: 'spinner', weight: 0 }), ['Accepted False UnsupportedValue', 'ResolvedRefs True ResolvedRefs']],
])('%s', (_, one, said) => {
  expect(routeStatus(state, one).parents.flatMap(({ conditions }) => conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`))).toEqual(said)
})

test('each parent has its own word', () => {
  const two = route('r', { parentRefs: [{ name: 'spinner' }, { name: 'ghost' }], rules: [{ backendRefs: [{ name: 'spinner' }] }] })
  expect(routeStatus(state, two).parents.map(({ parentRef, conditions }) => [parentRef.name, conditions[0]?.status])).toEqual([['spinner', 'True'], ['ghost', 'False']])
})

test('the eleventh parent is not the first', () => {
  const names = Array.from({ length: 10 }, (_, index) => `parent-${index}`)
  const eleven = route('r', { parentRefs: [...names, 'ghost'].map((name) => ({ name })), rules: [{ backendRefs: [{ name: 'parent-0' }] }] })
  expect(routeStatus(meshState({ agents: names.map((name) => agent(name)) }), eleven).parents.map(({ conditions }) => conditions[0]?.status)).toEqual([...names.map(() => 'True'), 'False'])
})
