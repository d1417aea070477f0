// Clients that speak ADS by hand: the rules of the protocol, and those who break them.
import { expect, test } from 'vitest'
import { agent, agentVersion, split } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { readProxies } from '../queries/proxies.ts'
import { eventually } from '../testing/load.ts'
import type { ReceivedResponse } from '../testing/ads-client.ts'
import { startTestControl } from '../testing/test-control.ts'
import { HAND as NODE, HAND_PORTS as PORTS, HAND_SPIFFE as SPIFFE, meshWithHand, openStream, unexpected, type RawStream } from '../testing/raw-stream.ts'

test('delta: the order of a first start, one unanswered response a type, and nothing twice', async () => {
  await using setup = await meshWithHand()
  const { mesh, port } = setup
  using stream = openStream(port, 'delta', SPIFFE)
  stream.send({ node: NODE, typeUrl: TYPE.cluster })
  const clusters = await stream.next(TYPE.cluster)
  expect(clusters.resources.map((resource) => resource.name)).toContain('default/hand/v1')
  stream.send({ typeUrl: TYPE.virtualHost })
  stream.send({ typeUrl: TYPE.endpoints, subscribe: ['default/hand/v1'] })
  expect((await stream.next(TYPE.endpoints)).resources.map((resource) => resource.name)).toEqual(['default/hand/v1'])
  // The virtual hosts name clusters that are not acknowledged yet: they wait.
  await quiet(stream, TYPE.virtualHost)
  stream.ack(clusters)
  const host = await stream.next(TYPE.virtualHost)
  expect(host.resources).toHaveLength(1)
  // While one is unanswered, edits pile up into one response.
  for (let weight = 2; weight < 6; weight++) await mesh.commit([split('hand', { v1: weight, v2: 1 })])
  await quiet(stream, TYPE.virtualHost)
  stream.ack(host)
  stream.ack(await stream.next(TYPE.virtualHost)) // the edited one, once
  const other = await stream.next(TYPE.virtualHost)
  expect(other.resources.map((resource) => resource.name)).toEqual(['outbound/other.default.mesh'])
  stream.ack(other)
  await quiet(stream, TYPE.virtualHost)
})

test('delta: a stream that comes back with what it holds gets the differences alone', async () => {
  await using setup = await meshWithHand()
  const { mesh, port } = setup
  const held: Record<string, string> = {}
  {
    using stream = openStream(port, 'delta', SPIFFE)
    stream.send({ node: NODE, typeUrl: TYPE.virtualHost })
    for (let count = 0; count < 2; count++) {
      const response = await stream.next(TYPE.virtualHost)
      for (const { name, version } of response.resources) held[name] = version
      stream.ack(response)
    }
  }
  expect(Object.keys(held).sort()).toEqual(['outbound/hand.default.mesh', 'outbound/other.default.mesh'])
  {
    using same = openStream(port, 'delta', SPIFFE)
    same.send({ node: NODE, typeUrl: TYPE.virtualHost, initialVersions: held })
    await quiet(same, TYPE.virtualHost)
  }
  await mesh.commit([agent('third')], [{ kind: 'Agent', namespace: 'default', name: 'other' }])
  using back = openStream(port, 'delta', SPIFFE)
  back.send({ node: NODE, typeUrl: TYPE.virtualHost, initialVersions: held })
  const added = await back.next(TYPE.virtualHost)
  back.ack(added)
  const removed = await back.next(TYPE.virtualHost)
  back.ack(removed)
  expect([added, removed].map((response) => [response.resources.map((resource) => resource.name), response.removed])).toEqual([[['outbound/third.default.mesh'], []], [[], ['outbound/other.default.mesh']]])
  await quiet(back, TYPE.virtualHost)
})

test('delta: a proxy whose answer was lost with its stream is in sync once it says what it holds', async () => {
  await using setup = await meshWithHand()
  const { db } = setup.mesh
  const stateOf = async () => (await readProxies(db, 'local', { limit: 10 })).find(({ spiffeId }) => spiffeId === SPIFFE)?.types[TYPE.virtualHost]
  let response: ReceivedResponse
  {
    using stream = openStream(setup.port, 'delta', SPIFFE)
    stream.send({ node: NODE, typeUrl: TYPE.virtualHost })
    response = await stream.next(TYPE.virtualHost)
    await eventually('it was sent', 5000, async () => (await stateOf())?.sent === 1)
    expect(await stateOf()).toMatchObject({ state: 'pending', acked: 0 })
  }
  using back = openStream(setup.port, 'delta', SPIFFE)
  back.send({ node: NODE, typeUrl: TYPE.virtualHost, initialVersions: Object.fromEntries(response.resources.map(({ name, version }) => [name, version])) })
  back.ack(await back.next(TYPE.virtualHost)) // the other one
  await eventually('it is in sync', 5000, async () => (await stateOf())?.state === 'synced')
  expect(await stateOf()).toMatchObject({ sent: 2, acked: 2 })
})

test('delta: an unknown name is answered as absent, what is unsubscribed is sent no more, and a changed cluster brings its endpoints again', async () => {
  await using setup = await meshWithHand()
  const { mesh, port } = setup
  using stream = openStream(port, 'delta', SPIFFE)
  stream.send({ node: NODE, typeUrl: TYPE.endpoints, subscribe: ['default/nobody/v1', 'default/hand/v1'] })
  const first = await stream.next(TYPE.endpoints)
  expect([first.resources.map((resource) => resource.name), first.removed]).toEqual([['default/hand/v1'], ['default/nobody/v1']])
  stream.ack(first)
  stream.send({ typeUrl: TYPE.cluster })
  const clusters = await stream.next(TYPE.cluster)
  stream.ack(clusters)
  expect((await stream.next(TYPE.endpoints)).resources[0]?.name).toBe('default/hand/v1') // its cluster was new to this stream
  stream.ack(stream.last)
  await mesh.commit([agent('nobody'), agentVersion('nobody', 'v1')])
  expect((await stream.next(TYPE.endpoints)).resources[0]?.name).toBe('default/nobody/v1') // it came to be later
  stream.ack(stream.last)
  stream.send({ typeUrl: TYPE.endpoints, unsubscribe: ['default/hand/v1'] })
  await mesh.db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) values ('local', 'new', 'default', 'hand', 'v1', '127.0.0.1', 9, 'sidecar')`)
  await mesh.commit([agent('touch')])
  await quiet(stream, TYPE.endpoints)
})

test.each(['delta', 'sotw'] as const)('%s: an old nonce counts for nothing, and the names that came with it are served once', async (variant) => {
  await using setup = await meshWithHand()
  const { mesh, port } = setup
  using stream = openStream(port, variant, SPIFFE)
  stream.send({ node: NODE, typeUrl: TYPE.endpoints, subscribe: ['default/hand/v1'] })
  const first = await stream.next(TYPE.endpoints)
  stream.ack(first, ['default/hand/v1'])
  await mesh.db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) values ('local', 'more', 'default', 'hand', 'v1', '127.0.0.1', 9, 'sidecar')`)
  await mesh.commit([agent('touch')])
  const second = await stream.next(TYPE.endpoints)
  // The nonce is the first one's: the second is not acknowledged by it.
  stream.send({ typeUrl: TYPE.endpoints, nonce: first.nonce, subscribe: variant === 'sotw' ? ['default/hand/v1', 'default/other/v1'] : ['default/other/v1'] })
  await quiet(stream, TYPE.endpoints)
  stream.ack(second, ['default/hand/v1', 'default/other/v1'])
  expect((await stream.next(TYPE.endpoints)).resources).toHaveLength(1)
  stream.ack(stream.last, ['default/hand/v1', 'default/other/v1'])
  await quiet(stream, TYPE.endpoints)
})

test('a refused version is sent once, its reason has no key in it, and the revision is rejected', async () => {
  await using setup = await meshWithHand()
  const { mesh, port } = setup
  using stream = openStream(port, 'delta', SPIFFE)
  stream.send({ node: NODE, typeUrl: TYPE.virtualHost })
  stream.ack(await stream.next(TYPE.virtualHost))
  stream.ack(await stream.next(TYPE.virtualHost))
  const revision = await mesh.commit([split('hand', { v1: 7, v2: 1 })])
  const response = await stream.next(TYPE.virtualHost)
  const key = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w\n-----END PRIVATE KEY-----'
  stream.send({ typeUrl: TYPE.virtualHost, nonce: response.nonce, refusal: `cannot take this: ${key} ${'x'.repeat(10_000)}` })
  const status = await eventually('the rejection', 2000, async () => {
    const now = await mesh.status(revision)
    return now.state === 'rejected' ? now : null
  })
  expect(status.rejected[0]?.reason).toMatch(/^cannot take this: \[PEM removed\] x+…$/)
  expect(status.rejected[0]!.reason.length).toBeLessThan(5000)
  await mesh.commit([agent('touch')])
  expect((await stream.next(TYPE.virtualHost)).resources.map((resource) => resource.name)).toEqual(['outbound/touch.default.mesh'])
  const tables = await mesh.db.pool.query<{ text: string }>(`select (select string_agg(p::text, ' ') from proxy_resource p) || (select string_agg(r::text, ' ') from revision_proxy r) || (select string_agg(r::text, ' ') from refused_resource r) as text`)
  expect(tables.rows[0]!.text).not.toContain('MIGHAgEAMBMG')
})

test('a node that is not its certificate’s, or unknown, or nameless gets no stream', async () => {
  await using setup = await meshWithHand()
  for (const [node, spiffeId, says] of [
    ['hand-1', 'spiffe://mesh.test/ns/default/agent/thief', 'the proxy hand-1 is not spiffe://mesh.test/ns/default/agent/thief'],
    ['ghost', SPIFFE, 'no proxy ghost has enrolled here'],
    ['', SPIFFE, 'the first request of a stream carries node.id'],
    ['hand-1', '', 'this needs a client certificate of the mesh'],
  ] as const) {
    using stream = openStream(setup.port, 'delta', spiffeId)
    stream.send({ node: { id: node, build: '' }, typeUrl: TYPE.cluster })
    expect((await stream.ended).details).toBe(says)
  }
})

test('a client that asks for too much, or sends no sense, is ended with a sentence; one that never reads holds up nobody', async () => {
  await using setup = await meshWithHand()
  const { mesh, port } = setup
  {
    using stream = openStream(port, 'delta', SPIFFE)
    stream.send({ node: NODE, typeUrl: TYPE.endpoints, subscribe: Array.from({ length: 30_000 }, (_, index) => `name-${index}`) })
    expect((await stream.ended).details).toBe(`a stream may name 20000 resources of ${TYPE.endpoints}`)
  }
  {
    using stream = openStream(port, 'delta', SPIFFE)
    stream.raw(Buffer.from([0xff, 0xff, 0xff]))
    expect((await stream.ended).details).toBe('this is not a DeltaDiscoveryRequest')
  }
  {
    using stream = openStream(port, 'delta', SPIFFE)
    stream.send({ node: { id: 'x'.repeat(100_000), build: '' }, typeUrl: TYPE.cluster })
    expect((await stream.ended).details).toBe('the first request of a stream carries node.id')
  }
  await mesh.addProxyRow('mute', 'mute-1', PORTS)
  using mute = openStream(port, 'delta', 'spiffe://mesh.test/ns/default/agent/mute')
  for (const typeUrl of Object.values(TYPE)) mute.send({ node: { id: 'mute-1', build: '' }, typeUrl })
  using stream = openStream(port, 'delta', SPIFFE)
  stream.send({ node: NODE, typeUrl: TYPE.virtualHost })
  stream.ack(await stream.next(TYPE.virtualHost))
  stream.ack(await stream.next(TYPE.virtualHost))
  for (let weight = 10; weight < 30; weight++) {
    await mesh.commit([split('hand', { v1: weight, v2: 1 })])
    stream.ack(await stream.next(TYPE.virtualHost))
  }
  expect(mute.received.length).toBeLessThanOrEqual(Object.keys(TYPE).length) // one unanswered response a type
  expect((await mesh.status(3)).pending).toContain('mute-1')
})

test('a change that nobody was told of is found after a while', async () => {
  await using setup = await meshWithHand()
  const { db } = setup.mesh
  await using control = await startTestControl(db, 0, { rereadMs: 500 })
  using stream = openStream(control.port, 'delta', SPIFFE)
  stream.send({ node: NODE, typeUrl: TYPE.endpoints, subscribe: ['default/hand/v1'] })
  stream.ack(await stream.next(TYPE.endpoints))
  await db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) values ('local', 'silent', 'default', 'hand', 'v1', '127.0.0.1', 7777, 'sidecar')`)
  const [endpoints] = (await stream.next(TYPE.endpoints)).resources
  expect(Buffer.from(endpoints!.bytes).includes(Buffer.from([0xe1, 0x3c]))).toBe(true) // 7777 as a varint
})

test('a second stream of one proxy ends the first', async () => {
  await using setup = await meshWithHand()
  using first = openStream(setup.port, 'delta', SPIFFE)
  first.send({ node: NODE, typeUrl: TYPE.cluster })
  await first.next(TYPE.cluster)
  using second = openStream(setup.port, 'delta', SPIFFE)
  second.send({ node: NODE, typeUrl: TYPE.cluster })
  await second.next(TYPE.cluster)
  expect((await first.ended).details).toBe('the proxy opened another stream')
})

/** Long enough for an answer that should not come. */
async function quiet(stream: RawStream, typeUrl: string) {
  expect(await unexpected(stream, typeUrl)).toEqual([])
}
