// Which names a stream means, as it goes on: all, some, none; in both variants.
// https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return
import { describe, expect, test } from 'vitest'
import { agent, agentVersion } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { notify } from '../db/listen.ts'
import type { ReceivedResponse } from '../testing/ads-client.ts'
import type { NativeMesh } from '../testing/native-mesh.ts'
import { HAND_CLUSTERS as CLUSTERS, limit, meshWithHand, namesIn as names, openStream, unexpected } from '../testing/raw-stream.ts'

const HAND_V1 = 'default/hand/v1'
const OTHER_V1 = 'default/other/v1'
/** Of a limit that a quiet machine keeps: tests run beside others. */
const BUSY = 5

describe.each(['delta', 'sotw'] as const)('%s', (variant) => {
  const isDelta = variant === 'delta'
  /** Names of a whole state: in state of the world what did not change goes along. */
  const along = (changed: string[]) => (isDelta ? changed : CLUSTERS)

  test('names come and go while a stream lasts: the new alone are answered, the dropped are not sent, asked anew they are', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    stream.ask(TYPE.endpoints, [HAND_V1])
    const first = await stream.next(TYPE.endpoints)
    expect(names(first)).toEqual([HAND_V1])
    stream.ack(first)
    stream.ask(TYPE.endpoints, [OTHER_V1]) // on demand
    const second = await stream.next(TYPE.endpoints)
    expect(names(second)).toEqual([OTHER_V1])
    stream.ack(second)
    stream.ask(TYPE.endpoints, [], [HAND_V1])
    await addInstance(setup.mesh, 'hand', 9)
    expect(await unexpected(stream, TYPE.endpoints)).toEqual([])
    await addInstance(setup.mesh, 'other', 10)
    const third = await stream.next(TYPE.endpoints)
    expect(names(third)).toEqual([OTHER_V1])
    stream.ack(third)
    stream.ask(TYPE.endpoints, [HAND_V1])
    const again = await stream.next(TYPE.endpoints)
    expect(names(again)).toEqual([HAND_V1])
    expect(holdsPort(again, 9)).toBe(true)
    stream.ack(again)
    expect(await unexpected(stream, TYPE.endpoints)).toEqual([])
  })

  test('wildcard: nothing named is everything; * and a name; the name alone; and nothing again, which is nothing now', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    const changed = async (name: string, connections: number) => void (await setup.mesh.commit([limit(name, connections)]))
    stream.ask(TYPE.cluster) // 1: everything
    const all = await stream.next(TYPE.cluster)
    expect(names(all)).toEqual(CLUSTERS)
    stream.ack(all)
    if (isDelta) stream.ask(TYPE.cluster, [OTHER_V1])
    else stream.ask(TYPE.cluster, ['*', OTHER_V1]) // 2: everything still, and the name
    const both = await stream.next(TYPE.cluster)
    expect(names(both)).toEqual(along([OTHER_V1]))
    stream.ack(both)
    await changed('hand', 3)
    const wild = await stream.next(TYPE.cluster)
    expect(names(wild)).toEqual(along([HAND_V1, 'default/hand/v2']))
    stream.ack(wild)
    stream.ask(TYPE.cluster, [], ['*']) // 3: the name alone
    await changed('hand', 4)
    expect(await unexpected(stream, TYPE.cluster)).toEqual([])
    await changed('other', 4)
    const named = await stream.next(TYPE.cluster)
    expect(names(named)).toEqual([OTHER_V1])
    stream.ack(named)
    stream.ask(TYPE.cluster, [], [OTHER_V1]) // 4: nothing, though it reads as the first request did
    await changed('hand', 5)
    await changed('other', 5)
    expect(await unexpected(stream, TYPE.cluster)).toEqual([])
    stream.ask(TYPE.cluster, ['*']) // and back
    expect(names(await stream.next(TYPE.cluster))).toEqual(CLUSTERS)
  })

  test('* said aloud is everything, and an empty list after it is nothing', async () => {
    await using setup = await meshWithHand()
    using stream = openStream(setup.port, variant)
    stream.ask(TYPE.cluster, ['*'])
    const all = await stream.next(TYPE.cluster)
    expect(names(all)).toEqual(CLUSTERS)
    stream.ack(all)
    stream.ask(TYPE.cluster, [], ['*'])
    await setup.mesh.commit([limit('hand', 3)])
    expect(await unexpected(stream, TYPE.cluster)).toEqual([])
  })
})

test('delta: a name that is not there is answered as absent, and as a resource once it is', async () => {
  await using setup = await meshWithHand()
  using stream = openStream(setup.port, 'delta')
  stream.ask(TYPE.endpoints, [HAND_V1])
  stream.ack(await stream.next(TYPE.endpoints))
  const asked = performance.now()
  stream.ask(TYPE.endpoints, ['default/nobody/v1'])
  const absent = await stream.next(TYPE.endpoints)
  expect(performance.now() - asked).toBeLessThan(200 * BUSY)
  expect([names(absent), absent.removed]).toEqual([[], ['default/nobody/v1']])
  stream.ack(absent)
  await setup.mesh.commit([agent('nobody'), agentVersion('nobody', 'v1')])
  const created = performance.now()
  expect(names(await stream.next(TYPE.endpoints))).toEqual(['default/nobody/v1'])
  expect(performance.now() - created).toBeLessThan(500 * BUSY)
})

test('sotw: a name that is not there is said once, by a whole state without it', async () => {
  await using setup = await meshWithHand()
  using stream = openStream(setup.port, 'sotw')
  stream.ask(TYPE.cluster, [HAND_V1])
  stream.ack(await stream.next(TYPE.cluster))
  for (const _ of ['asked', 'asked anew']) {
    stream.ask(TYPE.cluster, ['default/nobody/v1'])
    const without = await stream.next(TYPE.cluster)
    expect(names(without)).toEqual([HAND_V1])
    stream.ack(without)
    expect(await unexpected(stream, TYPE.cluster)).toEqual([])
    stream.ask(TYPE.cluster, [], ['default/nobody/v1'])
  }
})

test('delta: who drops a name that * has as well is told whether it still is', async () => {
  await using setup = await meshWithHand()
  using stream = openStream(setup.port, 'delta')
  stream.ask(TYPE.cluster, ['*', OTHER_V1, 'default/never/v1'])
  const all = await stream.next(TYPE.cluster)
  expect([names(all), all.removed]).toEqual([CLUSTERS, ['default/never/v1']])
  stream.ack(all)
  stream.ask(TYPE.cluster, [], [OTHER_V1])
  const still = await stream.next(TYPE.cluster)
  expect([names(still), still.removed]).toEqual([[OTHER_V1], []])
  stream.ack(still)
  stream.ask(TYPE.cluster, [], ['default/never/v1'])
  const gone = await stream.next(TYPE.cluster)
  expect([names(gone), gone.removed]).toEqual([[], ['default/never/v1']])
})

test('delta: who names clusters at first has no wildcard', async () => {
  await using setup = await meshWithHand()
  using stream = openStream(setup.port, 'delta')
  stream.ask(TYPE.cluster, [OTHER_V1])
  const first = await stream.next(TYPE.cluster)
  expect(names(first)).toEqual([OTHER_V1])
  stream.ack(first)
  await setup.mesh.commit([limit('hand', 3)])
  expect(await unexpected(stream, TYPE.cluster)).toEqual([])
})

/** Whether one of the endpoints has the port: below 128 it is one byte after the field's tag (SocketAddress.port_value). */
function holdsPort(response: ReceivedResponse, port: number): boolean {
  return response.resources.some((resource) => Buffer.from(resource.bytes).includes(Buffer.from([0x18, port])))
}

async function addInstance(mesh: NativeMesh, agentName: string, port: number) {
  await mesh.db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) values ('local', $1, 'default', $1, 'v1', '127.0.0.1', $2, 'sidecar')`, [agentName, port])
  await notify(mesh.db.pool, 'instance', { mesh: 'local' })
}
