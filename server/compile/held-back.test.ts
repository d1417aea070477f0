import { expect, test } from 'vitest'
import { agent, instance, meshState, proxyView, trafficPolicy } from './fixtures.ts'
import { describeHeldBack, holdBack, lackingOf } from './held-back.ts'
import { TYPE } from './names.ts'
import { compileSnapshot } from './snapshot.ts'

const FAULT = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
const UTILIZATION = 'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin'
const state = meshState({
  agents: [agent('loom'), agent('dyer')],
  instances: [instance('dyer', 'v1', 9001)],
  trafficPolicies: [trafficPolicy('dyer', { targetRefs: [{ name: 'dyer' }], fault: { abort: { status: 503, percent: 1 } }, loadBalancer: { policy: 'Utilization' } })],
})
const whole = compileSnapshot(state, proxyView('loom')).resources

test('a node that lists nothing, or everything, gets the same map', () => {
  expect(lackingOf(new Set())).toEqual([])
  expect(holdBack(whole, [])).toBe(whole)
})

test('what lacks is gone with its settings, what is left is the same resource, and a second time changes nothing', () => {
  const fitted = holdBack(whole, [FAULT, UTILIZATION])
  const text = (type: (typeof TYPE)[keyof typeof TYPE], name: string) => JSON.stringify(fitted.get(type)?.get(name)?.json)
  expect(text(TYPE.listener, 'outbound')).not.toMatch(/heddle.fault|HTTPFault/)
  expect(text(TYPE.listener, 'outbound')).toContain('heddle.semantic')
  expect(text(TYPE.virtualHost, 'outbound/dyer.default.mesh')).not.toMatch(/heddle.fault|HTTPFault/)
  expect(fitted.get(TYPE.cluster)?.get('default/dyer/v1')?.json).toMatchObject({ lb_policy: 'LEAST_REQUEST', type: 'EDS' })
  expect(text(TYPE.cluster, 'default/dyer/v1')).not.toContain('load_balancing_policy')
  for (const [type, name] of [[TYPE.listener, 'inbound'], [TYPE.cluster, 'default/loom/v1'], [TYPE.endpoints, 'default/dyer/v1']] as const) expect(fitted.get(type)?.get(name)).toBe(whole.get(type)?.get(name))
  expect(fitted.get(TYPE.virtualHost)?.get('outbound/dyer.default.mesh')?.needs).toEqual(whole.get(TYPE.virtualHost)?.get('outbound/dyer.default.mesh')?.needs)
  const again = holdBack(fitted, [FAULT, UTILIZATION])
  for (const [type, byName] of fitted) for (const [name, resource] of byName) expect(again.get(type)?.get(name)).toBe(resource)
})

test('each resource says what it is without', () => {
  const fitted = holdBack(whole, [FAULT, UTILIZATION])
  expect(describeHeldBack(fitted.get(TYPE.cluster)!.get('default/dyer/v1')!)).toBe(`left out, because this Envoy does not have ${UTILIZATION}: Utilization spreads by least requests`)
  expect(describeHeldBack(fitted.get(TYPE.listener)!.get('inbound')!)).toBeNull()
  expect(describeHeldBack(whole.get(TYPE.listener)!.get('outbound')!)).toBeNull()
})
