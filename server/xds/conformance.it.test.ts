// The protocol by the letter, each case in both variants, spoken by hand; which names are meant is in names.it.test.ts.
// https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
import { connect, constants } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { agent, agentVersion, gateway } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { encodeRequest, type ReceivedResponse } from '../testing/ads-client.ts'
import { eventually } from '../testing/load.ts'
import type { NativeMesh } from '../testing/native-mesh.ts'
import { HAND, HAND_CLUSTERS as CLUSTERS, HAND_SPIFFE, limit, meshWithHand, namesIn as names, openStream, unexpected, type RawStream } from '../testing/raw-stream.ts'
import { ADS_METHODS, writeMessage, type AdsResponse, type Variant } from './wire.ts'

const HAND_V1 = 'default/hand/v1'
const OTHER_V1 = 'default/other/v1'

describe.each(['delta', 'sotw'] as const)('%s', (variant) => {
  const isDelta = variant === 'delta'
  /** Names of a whole state: in state of the world what did not change goes along. */
  const along = (changed: string[]) => (isDelta ? changed : CLUSTERS)

  test('the first request is answered with everything, once; a change with what changed', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    stream.ask(TYPE.cluster)
    const first = await stream.next(TYPE.cluster)
    expect(names(first)).toEqual(CLUSTERS)
    expect(first.nonce).not.toBe('')
    expect(await unexpected(stream, TYPE.cluster)).toEqual([]) // unanswered
    await setup.mesh.commit([limit('hand', 7)])
    expect(await unexpected(stream, TYPE.cluster)).toEqual([]) // one unanswered response a type
    stream.ack(first)
    const second = await stream.next(TYPE.cluster)
    expect(names(second)).toEqual(along([HAND_V1, 'default/hand/v2']))
    expect(second.nonce).not.toBe(first.nonce)
    if (!isDelta) expect(second.version).not.toBe(first.version)
    stream.ack(second)
    expect(await unexpected(stream, TYPE.cluster)).toEqual([])
  })

  test('of the types that were asked for at once, clusters come first, listeners after clusters are taken, routes after those', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    stream.ask(TYPE.cluster)
    stream.ask(TYPE.listener)
    stream.ask(TYPE.endpoints, [HAND_V1])
    const clusters = await stream.next(TYPE.cluster)
    const endpoints = await stream.next(TYPE.endpoints)
    expect(await unexpected(stream, TYPE.listener)).toEqual([])
    stream.ack(endpoints)
    expect(await unexpected(stream, TYPE.listener)).toEqual([])
    stream.ack(clusters)
    stream.ack(await stream.next(TYPE.listener))
    stream.ask(TYPE.routes, ['outbound', 'inbound'])
    stream.ack(await stream.next(TYPE.routes))
    await stream.next(TYPE.routes)
    const order = stream.received.map((response) => response.typeUrl)
    expect(order.indexOf(TYPE.cluster)).toBe(0)
    expect(order.indexOf(TYPE.listener)).toBeGreaterThan(order.indexOf(TYPE.endpoints))
    expect(order.indexOf(TYPE.routes)).toBeGreaterThan(order.indexOf(TYPE.listener))
  })

  test('what was refused is not sent again, others go on, and what mends it goes at once', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    const bad = await refuseHand(setup.mesh, stream)
    await eventually('the rejection', 5000, async () => (await setup.mesh.status(bad)).state === 'rejected')
    expect(await unexpected(stream, TYPE.cluster)).toEqual([])
    await setup.mesh.commit([limit('other', 5)])
    const others = await stream.next(TYPE.cluster)
    expect(names(others)).toEqual(along([OTHER_V1]))
    stream.ack(others)
    const mended = await setup.mesh.commit([limit('hand', 9)])
    const fix = await stream.next(TYPE.cluster)
    expect(names(fix)).toEqual(along([HAND_V1, 'default/hand/v2']))
    stream.ack(fix)
    await setup.mesh.accepted(mended)
  })

  test('an answer to an older nonce is neither an acknowledgement nor a refusal', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    stream.ask(TYPE.cluster)
    const first = await stream.next(TYPE.cluster)
    stream.ack(first)
    const revision = await setup.mesh.commit([limit('hand', 7)])
    const second = await stream.next(TYPE.cluster)
    stream.ack(first)
    stream.refuse(first, 'what I never said of the second')
    await setup.mesh.commit([limit('other', 7)])
    expect(await unexpected(stream, TYPE.cluster)).toEqual([]) // the second is still unanswered
    expect(await setup.mesh.status(revision)).toMatchObject({ state: 'pending', rejected: [] })
    stream.ack(second)
    stream.ack(await stream.next(TYPE.cluster))
    await setup.mesh.accepted(revision)
  })

  test('a type that nobody knows is answered with nothing, and the stream goes on', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    const unknown = 'type.googleapis.com/acme.Teapot'
    stream.ask(unknown)
    const answer = await stream.next(unknown)
    expect(answer).toMatchObject({ resources: [], removed: [] })
    stream.ack(answer)
    stream.ask(TYPE.cluster)
    expect(names(await stream.next(TYPE.cluster))).toEqual(CLUSTERS)
    expect(await unexpected(stream, unknown)).toEqual([])
  })

  test('what is removed is said: by name, or by its absence from the whole', async () => {
    await using setup = await meshWithHand()
    await setup.mesh.commit([gateway('door', 'hand', [{ name: 'front', port: 8443, protocol: 'HTTP' }])])
    using stream = openStream(setup.port, variant)
    stream.ask(TYPE.listener)
    const first = await stream.next(TYPE.listener)
    expect(names(first)).toEqual(['gateway/default/door/front', 'inbound', 'outbound'])
    stream.ack(first)
    const revision = await setup.mesh.commit([], [{ kind: 'Gateway', namespace: 'default', name: 'door' }])
    const second = await stream.next(TYPE.listener)
    if (isDelta) expect([names(second), second.removed]).toEqual([[], ['gateway/default/door/front']])
    else expect(names(second)).toEqual(['inbound', 'outbound'])
    expect((await setup.mesh.status(revision)).state).toBe('pending')
    stream.ack(second)
    await setup.mesh.accepted(revision)
    expect(await unexpected(stream, TYPE.listener)).toEqual([])
  })

  test('a stream that comes back with what it holds is sent nothing, and then what changed', async () => {
    await using setup = await meshWithHand()
    let clusters: ReceivedResponse
    {
      using stream = openStream(setup.port, variant)
      stream.ask(TYPE.cluster)
      clusters = await stream.next(TYPE.cluster)
      stream.ack(clusters)
      await unexpected(stream, TYPE.cluster)
    }
    using back = openStream(setup.port, variant)
    back.send({ node: HAND, typeUrl: TYPE.cluster, ...(isDelta ? { initialVersions: Object.fromEntries(clusters.resources.map(({ name, version }) => [name, version])) } : { version: clusters.version }) })
    expect(await unexpected(back, TYPE.cluster)).toEqual([])
    await setup.mesh.commit([limit('other', 3)])
    expect(names(await back.next(TYPE.cluster))).toEqual(along([OTHER_V1]))
  })

  test('the second stream of one node ends the first, and gets everything', async () => {
    await using setup = await meshWithHand()
    using first = openStream(setup.port, variant)
    first.ask(TYPE.cluster)
    await first.next(TYPE.cluster)
    using second = openStream(setup.port, variant)
    second.ask(TYPE.cluster)
    expect(names(await second.next(TYPE.cluster))).toEqual(CLUSTERS)
    expect((await first.ended).details).toBe('the proxy opened another stream')
  })

  test('a node is named by the first request, and is let speak at length, not without end', async () => {
    await using setup = await meshWithHand()
    {
      using stream = openStream(setup.port, variant)
      stream.send({ typeUrl: TYPE.cluster })
      expect((await stream.ended).details).toBe('the first request of a stream carries node.id')
    }
    const talkative = (bytes: number) => writeMessage(isDelta ? 'DeltaDiscoveryRequest' : 'DiscoveryRequest', { typeUrl: TYPE.cluster, node: { id: HAND.id, metadata: { prose: 'x'.repeat(bytes) } } })
    {
      using stream = openStream(setup.port, variant)
      stream.raw(talkative(9 * 1024 * 1024))
      expect((await stream.ended).details).toContain('larger than max')
    }
    using stream = openStream(setup.port, variant)
    stream.raw(talkative(1024 * 1024))
    expect(names(await stream.next(TYPE.cluster))).toEqual(CLUSTERS)
  })

  test('for a client that reads nothing, one response a type waits; then it is cut off, and the others never wait', { timeout: 60_000 }, async () => {
    const sent: AdsResponse[] = []
    await using setup = await meshWithHand({ unreadMs: 1500, watch: { response: (proxy, response, send) => { if (proxy === 'mute-1') sent.push(response); send() } } })
    const { mesh } = setup
    const crowd = Array.from({ length: 200 }, (_, index) => `crowd-${index}`)
    await mesh.commit(crowd.flatMap((name) => [agent(name), agentVersion(name, 'v1')])) // more than the 64 KiB that HTTP/2 sends unasked
    await mesh.addProxyRow('mute', 'mute-1', { inboundPort: 1, outboundPort: 2, agentPort: 3 })
    using mute = openMute(setup.port, variant, 'spiffe://mesh.test/ns/default/agent/mute', 'mute-1')
    await eventually('the response that nobody reads', 5000, () => sent.length > 0)
    using stream = openStream(setup.port, variant)
    stream.ask(TYPE.cluster)
    stream.ack(await stream.next(TYPE.cluster))
    for (let connections = 1; connections <= 10; connections++) {
      await mesh.commit([limit('other', connections)])
      stream.ack(await stream.next(TYPE.cluster))
    }
    expect(sent.length).toBeLessThanOrEqual(2)
    expect(await mute.resetCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    await eventually('its end in the store', 5000, async () => (await mesh.db.pool.query(`select from proxy where id = 'mute-1' and control_id is null`)).rowCount === 1)
    expect(sent.length).toBeLessThanOrEqual(2)
  })
})

test('a proxy of another identity, or one that nobody enrolled, is told so in both variants', async () => {
  await using setup = await meshWithHand()
  for (const variant of ['delta', 'sotw'] as const) {
    using thief = openStream(setup.port, variant, 'spiffe://mesh.test/ns/default/agent/thief')
    thief.ask(TYPE.cluster)
    expect((await thief.ended).details).toBe('the proxy hand-1 is not spiffe://mesh.test/ns/default/agent/thief')
    using ghost = openStream(setup.port, variant, HAND_SPIFFE, { id: 'ghost', build: '' })
    ghost.ask(TYPE.cluster)
    expect((await ghost.ended).details).toBe('no proxy ghost has enrolled here')
  }
})

/** HTTP/2 without a reader: the window stays as full as it is, and pings are answered. */
function openMute(port: number, variant: Variant, spiffeId: string, id: string): { resetCode: Promise<number> } & Disposable {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':method': 'POST', ':path': ADS_METHODS[variant], 'content-type': 'application/grpc', te: 'trailers', 'x-test-spiffe-id': spiffeId })
  stream.on('error', () => {}) // it is reset
  for (const typeUrl of [TYPE.cluster, TYPE.listener]) {
    const message = encodeRequest(variant, { node: { id, build: '' }, typeUrl })
    const frame = Buffer.alloc(5)
    frame.writeUInt32BE(message.length, 1)
    stream.write(Buffer.concat([frame, message]))
  }
  return { resetCode: new Promise((resolve) => stream.on('close', () => resolve(stream.rstCode))), [Symbol.dispose]: () => session.destroy() }
}

/** Takes all clusters, then refuses the two of `hand` in the words of an Envoy. */
async function refuseHand(mesh: NativeMesh, stream: RawStream): Promise<number> {
  stream.ask(TYPE.cluster)
  stream.ack(await stream.next(TYPE.cluster))
  const bad = await mesh.commit([limit('hand', 8)])
  stream.refuse(await stream.next(TYPE.cluster), `Error adding/updating cluster(s) ${HAND_V1}: no such thing, default/hand/v2: no such thing`)
  return bad
}
