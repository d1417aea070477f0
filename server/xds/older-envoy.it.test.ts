// An Envoy says with its first request which extensions it has; what it lacks and can be left out is left out, and said.
import { expect, test } from 'vitest'
import { agent, trafficPolicy } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { analyzeMesh } from '../mesh/analysis/analyze.ts'
import { readLackingProxies } from '../queries/lacking-proxies.ts'
import { readProxies } from '../queries/proxies.ts'
import { eventually } from '../testing/load.ts'
import { HAND, meshWithHand, openStream, type RawStream } from '../testing/raw-stream.ts'
import { writeMessage } from './wire.ts'

const FAULT = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
const GUARDS = ['envoy.extensions.filters.http.rbac.v3.RBAC', 'envoy.extensions.filters.http.json_to_metadata.v3.JsonToMetadata']
const ALL = [FAULT, ...GUARDS, ...['ext_proc.v3.ExternalProcessor', 'cors.v3.Cors', 'local_ratelimit.v3.LocalRateLimit'].map((name) => `envoy.extensions.filters.http.${name}`), 'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin']

/** Asks for everything, as an Envoy with these extensions and no other. */
async function contentsFor(port: number, typeUrls: readonly string[]): Promise<Map<string, string>> {
  using stream: RawStream = openStream(port, 'delta')
  const node = { id: HAND.id, userAgentName: 'envoy', extensions: typeUrls.map((typeUrl) => ({ name: typeUrl, typeUrls: [typeUrl] })) }
  const contents = new Map<string, string>()
  stream.raw(writeMessage('DeltaDiscoveryRequest', { node, typeUrl: TYPE.cluster }))
  for (const typeUrl of [TYPE.cluster, TYPE.listener, TYPE.virtualHost]) {
    if (typeUrl !== TYPE.cluster) stream.send({ typeUrl, subscribe: [typeUrl === TYPE.virtualHost ? 'outbound/other.default.mesh' : '*'] })
    const response = await stream.next(typeUrl)
    for (const { name, bytes } of response.resources) contents.set(name, Buffer.from(bytes).toString('latin1'))
    stream.ack(response)
  }
  return contents
}

test('what an Envoy lacks is left out of what it gets, with its settings, and the proxy’s state says so; what guards stays', async () => {
  await using setup = await meshWithHand()
  const target = [{ name: 'other' }]
  await setup.mesh.commit([agent('other'), trafficPolicy('other', { targetRefs: target, fault: { abort: { status: 503, percent: 1 } }, loadBalancer: { policy: 'Utilization' } })])

  const whole = await contentsFor(setup.port, ALL)
  for (const type of [...ALL.slice(0, 5)]) expect([...whole.values()].join(), type).toContain(type)
  expect(whole.get('outbound/other.default.mesh')).toContain('HTTPFault')
  expect(whole.get('default/other/v1')).toContain('ClientSideWeightedRoundRobin')
  const shown = async () => (await readProxies(setup.mesh.db, 'local', { limit: 1, id: HAND.id }))[0]!.types
  for (const type of Object.values(await shown())) expect(type.reason).toBeNull()

  const less = await contentsFor(setup.port, GUARDS)
  for (const type of ALL.filter((one) => !GUARDS.includes(one))) expect([...less.values()].join(), type).not.toContain(type)
  for (const type of GUARDS) expect(less.get('inbound'), type).toContain(type)
  expect([...less.keys()].sort()).toEqual([...whole.keys()].sort()) // nothing else is missing
  const types = await eventually('it is said', 5000, async () => ((await shown())[TYPE.listener]?.reason ? shown() : null))
  expect(types[TYPE.listener]).toMatchObject({ state: 'synced', reason: expect.stringContaining(`this Envoy does not have ${FAULT}: faults are not made`) as string })
  expect(types[TYPE.cluster]).toMatchObject({ state: 'synced', reason: expect.stringContaining('Utilization spreads by least requests') as string })

  const none = await contentsFor(setup.port, [...GUARDS.slice(1), FAULT]) // RBAC is missing: refused by the Envoy, never left out by us
  expect(none.get('inbound')).toContain(GUARDS[0])
}, 60_000)

test('beside an Envoy that has everything, the policy is marked at its field with the proxy that cannot do what it says; the other does it', async () => {
  await using setup = await meshWithHand()
  const { mesh } = setup
  const marks = async () => analyzeMesh(await readMeshState(mesh.db, 'local'), await readLackingProxies(mesh.db, 'local')).filter(({ code }) => code === 'unsupported_by_proxies')
  const able = await mesh.addProxy('other')
  const fault = { targetRefs: [{ name: 'other' }], fault: { abort: { status: 418, percent: 100 } } }
  const contents = await contentsFor(setup.port, GUARDS)
  await mesh.accepted(await mesh.commit([trafficPolicy('other', fault)]), 15_000)
  expect((await able.out.call('other.default.mesh')).status).toBe(418)
  expect([...contents.values()].join()).not.toContain(FAULT)
  expect(await marks()).toMatchObject([{ object: { kind: 'TrafficPolicy', name: 'other' }, pointer: '/spec/fault', severity: 'warning', proxies: [HAND.id], detail: expect.stringContaining(`not supported by one proxy (${HAND.id}), whose Envoy lacks ${FAULT}`) as string }])

  await contentsFor(setup.port, ALL) // its Envoy was replaced
  expect(await marks()).toEqual([])
}, 60_000)
