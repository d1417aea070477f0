import { expect, test } from 'vitest'
import { agent, meshState, route } from '../compile/fixtures.ts'
import { TrafficPolicySpec } from '../contracts/traffic-policy.ts'
import { isSticky } from './traffic-policy.ts'

const REFUSED: [string, Record<string, unknown>, string][] = [
  ['slow start by utilization', { loadBalancer: { policy: 'Utilization', slowStart: { window: '1s' } } }, '/loadBalancer/slowStart'],
  ['reports that nobody reads', { loadBalancer: { policy: 'RoundRobin', utilization: {} } }, '/loadBalancer/utilization'],
  ['a header that nobody hashes', { loadBalancer: { policy: 'Utilization', hashHeader: 'x-session' } }, '/loadBalancer/hashHeader'],
  ['a penalty below nothing', { loadBalancer: { policy: 'Utilization', utilization: { errorPenalty: -1 } } }, '/loadBalancer/utilization/errorPenalty'],
  ['a penalty without end', { loadBalancer: { policy: 'Utilization', utilization: { errorPenalty: Infinity } } }, '/loadBalancer/utilization/errorPenalty'],
  ['a blackout that is no time', { loadBalancer: { policy: 'Utilization', utilization: { blackoutPeriod: 'soon' } } }, '/loadBalancer/utilization/blackoutPeriod'],
  ['failover below nothing', { locality: { failoverBelowPercent: 0 } }, '/locality/failoverBelowPercent'],
  ['failover above everything', { locality: { failoverBelowPercent: 101 } }, '/locality/failoverBelowPercent'],
  ['half a percent', { locality: { failoverBelowPercent: 0.5 } }, '/locality/failoverBelowPercent'],
  ['a zone of one’s own', { locality: { zone: 'a' } }, '/locality'],
]

test.each(REFUSED)('%s is refused with its place', (_, spec, pointer) => {
  const { error } = TrafficPolicySpec.safeParse({ targetRefs: [{ name: 'spinner' }], ...spec })
  expect(error?.issues.map((issue) => `/${issue.path.join('/')}`)).toEqual([pointer])
})

test('a session stays with an instance of whoever it was given to: an agent, or one of its versions, registered or listed', () => {
  const [spinner, dyer, weaver] = [agent('spinner'), agent('dyer', { instances: [{ address: '10.0.0.9', port: 80, version: 'v2' }] }), agent('weaver')] as const
  const kept = { sessionPersistence: { sessionName: 'x-session', type: 'Header' }, backendRefs: [{ name: 'spinner' }, { kind: 'AgentVersion', name: 'dyer-v2' }] }
  const state = meshState({ agents: [spinner, dyer, weaver], routes: [route('spinner', { parentRefs: [{ name: 'spinner' }], rules: [kept, { backendRefs: [{ name: 'weaver' }] }] })] })
  expect([spinner, dyer, weaver].map((one) => isSticky(state, one))).toEqual([true, true, false])
})
