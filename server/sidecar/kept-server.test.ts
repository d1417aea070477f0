import { expect, test } from 'vitest'
import { serveKept } from './kept-server.ts'
import { TYPE, type DeltaRequest, type DeltaResource } from './xds-messages.ts'

const ENDPOINTS = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment'
const resource = (name: string, version = '1'): [string, DeltaResource] => [name, { name, version, envelope: Buffer.from(name) }]
const kept = new Map([
  [TYPE.cluster, new Map([resource('default/loom/v1'), resource('local')])],
  [ENDPOINTS, new Map([resource('default/loom/v1')])],
  [TYPE.virtualHost, new Map([resource('outbound/loom.default.mesh')])],
])
const ask = (typeUrl: string, change: Partial<DeltaRequest> = {}): DeltaRequest => ({ typeUrl, subscribe: [], unsubscribe: [], initialVersions: new Map(), responseNonce: '', refused: false, ...change })
const names = (response: ReturnType<ReturnType<typeof serveKept>>) => response?.resources.map(({ name }) => name)

test('a new Envoy gets everything of a wildcard type and what it names of the others, once', () => {
  const answer = serveKept(kept)
  const clusters = answer(ask(TYPE.cluster))
  expect(names(clusters)).toEqual(['default/loom/v1', 'local'])
  expect(answer(ask(TYPE.cluster, { responseNonce: clusters?.nonce }))).toBeNull()
  expect(names(answer(ask(ENDPOINTS, { subscribe: ['default/loom/v1'] })))).toEqual(['default/loom/v1'])
  expect(names(answer(ask(TYPE.virtualHost, { subscribe: ['outbound'] })))).toEqual(['outbound/loom.default.mesh'])
})

test('an Envoy that comes back with the same versions is told nothing, and nothing is taken away', () => {
  const answer = serveKept(kept)
  const initialVersions = new Map([['default/loom/v1', '1'], ['local', '1'], ['gone/from/here', '9']])
  expect(answer(ask(TYPE.cluster, { initialVersions }))).toMatchObject({ resources: [], removed: [] })
})

test('what was never seen is not answered: Envoy goes on waiting for control', () => {
  expect(serveKept(new Map())(ask(TYPE.cluster))).toBeNull()
  expect(serveKept(kept)(ask(ENDPOINTS, { subscribe: ['default/other/v1'] }))).toBeNull()
})

test('what is named again is answered again', () => {
  const answer = serveKept(kept)
  answer(ask(ENDPOINTS, { subscribe: ['default/loom/v1'] }))
  answer(ask(ENDPOINTS, { unsubscribe: ['default/loom/v1'] }))
  expect(names(answer(ask(ENDPOINTS, { subscribe: ['default/loom/v1'] })))).toEqual(['default/loom/v1'])
})
