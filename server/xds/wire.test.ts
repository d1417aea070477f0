import { expect, test } from 'vitest'
import { TYPE } from '../compile/names.ts'
import { encodeAck, readNames } from '../testing/fleet-wire.ts'
import { decodeRequest, encodeResponse, readMessage, writeMessage, type Variant } from './wire.ts'

const nodeOf = (node: object) => decodeRequest('delta', writeMessage('DeltaDiscoveryRequest', { node: { id: 'one', ...node } })).node

test('who asks is told apart: an Envoy by its build, a gRPC client by its name, and nobody by nothing', () => {
  const version = { majorNumber: 1, minorNumber: 40, patch: 0 }
  expect(nodeOf({ userAgentName: 'envoy', userAgentVersionType: { case: 'userAgentBuildVersion', value: { version } } })).toEqual({ id: 'one', build: '1.40.0', proxyless: false, lacking: [] })
  for (const name of ['gRPC Go', 'gRPC Node Pure JS', 'grpc-java']) expect(nodeOf({ userAgentName: name, userAgentVersionType: { case: 'userAgentVersion', value: '1.14.1' } })).toMatchObject({ build: `${name} 1.14.1`, proxyless: true })
  expect(nodeOf({ userAgentName: 'x'.repeat(10_000) })?.build).toHaveLength(64)
  expect(nodeOf({ userAgentName: 'grpcurl' })).toMatchObject({ proxyless: false })
  expect(nodeOf({})).toEqual({ id: 'one', build: '', proxyless: false, lacking: [] })
})

test('what an Envoy does not list is lacking, of what can be left out', () => {
  const fault = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
  const lacking = nodeOf({ extensions: [{ name: 'a', typeUrls: [fault, 'some.other.Type'] }, { name: 'b' }] })?.lacking ?? []
  expect(lacking).toContain('envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor')
  expect(lacking).not.toContain(fault)
  expect(lacking.join()).not.toMatch(/rbac|json_to_metadata/i)
})

test.each<Variant>(['delta', 'sotw'])('%s: what is written by hand is what the descriptors write', (variant) => {
  const any = (bytes: Uint8Array) => ({ typeUrl: TYPE.cluster, value: bytes })
  for (const count of [0, 1, 3, 200]) {
    const resources = Array.from({ length: count }, (_, n) => ({ name: `ünï/${'x'.repeat(n)}`, version: `v${n}`, typeUrl: TYPE.cluster, bytes: new Uint8Array(n * 131 + 1).fill(n % 256) }))
    const response = { typeUrl: TYPE.cluster, nonce: '7', resources, removed: variant === 'delta' ? ['gone', ''] : [], version: variant === 'delta' ? '' : 'abc' }
    const expected =
      variant === 'delta'
        ? writeMessage('DeltaDiscoveryResponse', { typeUrl: TYPE.cluster, nonce: '7', removedResources: ['gone', ''], resources: resources.map(({ name, version, bytes }) => ({ name, version, resource: any(bytes) })) })
        : writeMessage('DiscoveryResponse', { typeUrl: TYPE.cluster, nonce: '7', versionInfo: 'abc', resources: resources.map(({ bytes }) => any(bytes)) })
    const schema = variant === 'delta' ? 'DeltaDiscoveryResponse' : 'DiscoveryResponse'
    const written = encodeResponse(variant, response)
    expect(readMessage(schema, written)).toEqual(readMessage(schema, expected))
    for (const _time of ['kept from here on', 'kept']) expect(encodeResponse(variant, response).equals(written)).toBe(true)
    if (variant === 'delta') expect(readNames(encodeResponse(variant, response))).toEqual({ typeUrl: TYPE.cluster, nonce: '7', resources: resources.map(({ name, version }) => ({ name, version })), removed: response.removed })
  }
})

test('what a client of a fleet says by hand is an acknowledgement', () => {
  expect(decodeRequest('delta', encodeAck({ typeUrl: TYPE.cluster, nonce: '12' }))).toEqual(decodeRequest('delta', writeMessage('DeltaDiscoveryRequest', { typeUrl: TYPE.cluster, responseNonce: '12' })))
})
