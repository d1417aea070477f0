import { expect, test } from 'vitest'
import { decodeRequest, writeMessage } from './wire.ts'

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
