import { expect, test } from 'vitest'
import { agent, agentVersion, gateway, route, split } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { readProxies } from '../queries/proxies.ts'
import { readProxyRefusals } from '../queries/proxy-refusals.ts'
import { testDatabase } from '../testing/database.ts'
import { freePort } from '../testing/free-port.ts'
import { eventually } from '../testing/load.ts'
import { startAgent, startNativeMesh, type TestProxy } from '../testing/native-mesh.ts'
import { HAND, limit, meshWithHand, namesIn, openStream } from '../testing/raw-stream.ts'
import { startTestControl, type Watch } from '../testing/test-control.ts'

const lookahead = (name: string) =>
  route(name, {
    parentRefs: [{ name }],
    rules: [
      { matches: [{ path: { type: 'RegularExpression', value: '/fine[0-9]+' } }, { path: { type: 'RegularExpression', value: '/a(?=b)' } }], backendRefs: [{ name }] },
      { backendRefs: [{ name }] },
    ],
  })

test('a refused route is shown at its field, hurts no neighbour, never loops, and a revert clears it', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('herald'), agent('choir'), agent('organ'), agentVersion('choir', 'v1'), split('choir', { v1: 1 })])
  const herald = await mesh.addProxy('herald')
  const choir = await mesh.addProxy('choir')
  await mesh.addProxy('organ')

  const bad = await mesh.commit([lookahead('choir')])
  const status = await eventually('a rejection by all three', 5000, async () => {
    const now = await mesh.status(bad)
    return now.rejected.length === 3 ? now : null
  })
  expect(status).toMatchObject({ state: 'rejected', of: 3, accepted: 0, pending: [] })
  expect(status.rejected.find((one) => one.proxy === herald.id)).toMatchObject({
    resource: 'outbound/choir.default.mesh',
    object: { kind: 'HTTPRoute', namespace: 'default', name: 'choir' },
    pointer: '/spec/rules/0/matches/1/path/value',
    reason: expect.stringContaining('invalid perl operator: (?='),
  })
  // The old form serves, and so do the others.
  expect((await herald.out.call('choir.default.mesh')).status).toBe(200)
  expect((await herald.out.call('organ.default.mesh')).status).toBe(200)
  const [shown] = await readProxies(db, 'local', { limit: 1, id: herald.id })
  expect(shown?.state).toBe('rejected')
  expect(shown?.types['type.googleapis.com/envoy.config.route.v3.VirtualHost']?.reason).toContain('invalid perl operator')

  // Later edits go through, and do not try the refused version again.
  await mesh.accepted(await mesh.commit([route('organ', { parentRefs: [{ name: 'organ' }], rules: [{ backendRefs: [{ name: 'organ' }] }] })]))
  expect(await refusalsOf(herald)).toBe(1)

  // One that starts meanwhile gets, resource by resource, what a proxy of its build took last.
  const late = await mesh.addProxy('late')
  expect((await late.out.call('choir.default.mesh')).status).toBe(200)
  expect((await late.out.call('organ.default.mesh')).status).toBe(200)
  expect(await refusalsOf(late)).toBe(0)

  // So it does from another control process, which learned of it from the store alone.
  await using other = await startTestControl(db)
  const later = await mesh.addProxy('later', { controls: [other.port] })
  expect((await later.out.call('choir.default.mesh')).status).toBe(200)
  expect(await refusalsOf(later)).toBe(0)

  // A changed object that still has the refused resource is rejected without being sent.
  const again = await mesh.commit([split('choir', { v1: 1 })])
  await mesh.accepted(again)
  const repeated = await mesh.commit([lookahead('choir')])
  const known = await eventually('a rejection by those who know it', 5000, async () => {
    const now = await mesh.status(repeated)
    return now.rejected.length === 5 ? now : null
  })
  expect(known.rejected.find((one) => one.proxy === late.id)?.reason).toContain('so it was not sent here')
  expect(await readProxyRefusals(db, 'local', herald.id)).toMatchObject([{ revision: repeated, object: { name: 'choir' } }, { revision: bad, pointer: '/spec/rules/0/matches/1/path/value', reason: expect.stringContaining('invalid perl operator') as string }])
  expect(await refusalsOf(herald)).toBe(1)

  await mesh.accepted(await mesh.commit([split('choir', { v1: 1 })]))
  await eventually('no proxy shows a refusal', 5000, async () => (await readProxies(db, 'local', { limit: 10 })).every((proxy) => proxy.state === 'synced'))
  expect((await mesh.status(bad)).state).toBe('rejected')
  expect(choir.agent.received.length).toBeGreaterThan(0)
  expect(mesh.control.errors).toEqual([])
})

test('of twenty agents one has a bad route: nineteen are served as wanted, the twentieth as before; in state of the world, which sends routes whole, all as before', async () => {
  const times = { pushed: 0, taken: 0 }
  const watch: Watch = {
    response: (proxy, { typeUrl }, send) => {
      if (proxy === delta.id && typeUrl === TYPE.virtualHost) times.pushed ||= performance.now()
      send()
    },
    request: (proxy, { typeUrl, nonce, refusal }) => void (proxy === delta.id && typeUrl === TYPE.virtualHost && nonce !== '' && refusal === null && (times.taken = performance.now())),
  }
  const delta = { id: '' }
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db, [], { watch })
  const names = Array.from({ length: 20 }, (_, index) => `unit-${index}`)
  const to = (name: string, backend: string) => route(name, { parentRefs: [{ name }], rules: [{ backendRefs: [{ name: backend }] }] })
  await mesh.commit([agent('chief'), ...names.map((name) => agent(name)), ...names.map((name) => to(name, 'unit-3'))])
  await mesh.addProxy('unit-3', { version: 'old' })
  await mesh.addProxy('unit-4', { version: 'new' })
  const chiefs = { delta: await mesh.addProxy('chief'), sotw: await mesh.addProxy('chief', { variant: 'sotw' }) }
  await eventually('all is settled', 20_000, async () => (await readProxies(db, 'local', { limit: 10 })).every((proxy) => proxy.state === 'synced'))
  const bodies = (chief: TestProxy) => Promise.all(names.map(async (name) => (await chief.out.call(`${name}.default.mesh`)).body))
  expect(new Set([...await bodies(chiefs.delta), ...await bodies(chiefs.sotw)])).toEqual(new Set(['old']))

  delta.id = chiefs.delta.id
  const bad = await mesh.commit(names.map((name) => (name === 'unit-7' ? lookahead(name) : to(name, 'unit-4'))))
  const status = await eventually('both chiefs refuse', 5000, async () => {
    const now = await mesh.status(bad)
    return [chiefs.delta.id, chiefs.sotw.id].every((id) => now.rejected.some((one) => one.proxy === id)) ? now : null
  })
  for (const { id } of [chiefs.delta, chiefs.sotw]) expect(status.rejected.find((one) => one.proxy === id)).toMatchObject({ object: { kind: 'HTTPRoute', name: 'unit-7' }, pointer: '/spec/rules/0/matches/1/path/value' })
  const wanted = names.map((name) => (name === 'unit-7' ? 'old' : 'new'))
  await eventually('nineteen routes', 5000, async () => String(await bodies(chiefs.delta)) === String(wanted))
  expect(times.taken - times.pushed).toBeLessThan(2000)
  expect(new Set(await bodies(chiefs.sotw))).toEqual(new Set(['old']))

  await mesh.accepted(await mesh.commit([to('unit-7', 'unit-4')]))
  for (const chief of Object.values(chiefs)) expect(new Set(await bodies(chief))).toEqual(new Set(['new']))
})

test.each(['delta', 'sotw'] as const)('%s: a refused version is not sent again: not by reading everything anew, nor by edits beside it', async (variant) => {
  const sent: string[] = []
  const watch: Watch = {
    response: (proxy, { typeUrl, resources }, send) => {
      for (const { name, version } of resources) sent.push(`${proxy} ${typeUrl} ${name} ${version}`)
      send()
    },
  }
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db, [], { watch, rereadMs: 100 })
  await mesh.commit([agent('herald'), agent('choir'), agent('organ'), agentVersion('choir', 'v1'), split('choir', { v1: 1 })])
  const herald = await mesh.addProxy('herald', { variant })
  const before = sent.length
  const bad = await mesh.commit([lookahead('choir')])
  await eventually('the rejection', 5000, async () => (await mesh.status(bad)).state === 'rejected')
  const refused = sent.slice(before)
  expect(refused.length).toBeGreaterThan(0)
  for (let edit = 1; edit <= 5; edit++) {
    await mesh.commit([limit('organ', edit)])
    await new Promise((resolve) => setTimeout(resolve, 600)) // some readings; of five times as many one or two are of everything
  }
  for (const version of refused) expect(sent.filter((one) => one === version).length, version).toBe(1)
  expect(await herald.stat(variant === 'delta' ? 'http.outbound.rds.vhds.outbound.update_rejected' : 'http.outbound.rds.outbound.update_rejected')).toBe(1)
})

async function refusalsOf(proxy: { stat(name: string): Promise<number> }) {
  return proxy.stat('http.outbound.rds.vhds.outbound.update_rejected')
}

test.each(['delta', 'sotw'] as const)('%s: a bad listener in one response with good ones: what is shown is what Envoy has, and the next try is the next version', async (variant) => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await using taken = await startAgent('elsewhere') // a port that something else has
  const free = await freePort()
  await mesh.commit([agent('gate')])
  const gate = await mesh.addProxy('gate', { variant })
  const listeners = (port: number) => [gateway('door', 'gate', [{ name: 'bad', port, protocol: 'HTTP' }, { name: 'good', port: free, protocol: 'HTTP' }])]
  const bad = await mesh.commit(listeners(taken.port))
  const status = await eventually('the rejection', 5000, async () => {
    const now = await mesh.status(bad)
    return now.state === 'rejected' ? now : null
  })
  expect(status.rejected).toMatchObject([{ proxy: gate.id, resource: 'gateway/default/door/bad', object: { kind: 'Gateway', name: 'door' }, reason: expect.stringContaining('Address already in use') }])
  const names = async () => (await gate.admin('/listeners')).split('\n').flatMap((line) => line.split('::')[0] || []).sort()
  expect(await names()).toEqual(['gateway/default/door/good', 'inbound', 'outbound'])
  await eventually('what Envoy has is what is shown', 5000, async () => {
    const { rows } = await db.pool.query<{ name: string }>(`select name from proxy_resource where proxy = $1 and type_url like '%Listener' and acked is not null order by 1`, [gate.id])
    expect(rows.map((row) => row.name)).toEqual(await names())
    return true
  })
  await mesh.accepted(await mesh.commit(listeners(await freePort())))
  expect(await names()).toEqual(['gateway/default/door/bad', 'gateway/default/door/good', 'inbound', 'outbound'])
})

test('where very much is new it is tried in parts; of a part that is refused the good are taken all the same', async () => {
  const names = Array.from({ length: 200 }, (_, n) => `many-${n}`)
  await using setup = await meshWithHand()
  await setup.mesh.commit(names.map((name) => agent(name)))
  using stream = openStream(setup.port, 'delta')
  stream.send({ node: HAND, typeUrl: TYPE.virtualHost })
  const bad = 'outbound/many-10.default.mesh'
  const taken = new Set<string>()
  const withBad: number[] = []
  while (taken.size < names.length - 1) {
    const response = await stream.next(TYPE.virtualHost)
    const has = namesIn(response)
    if (has.includes(bad)) {
      withBad.push(has.length)
      stream.refuse(response, 'no')
      continue
    }
    for (const name of has) if (name.includes('many-')) taken.add(name)
    stream.ack(response)
  }
  await eventually('the bad one alone', 10_000, () => {
    for (const response of stream.pending(TYPE.virtualHost)) if (namesIn(response).includes(bad)) withBad.push(namesIn(response).length)
    return withBad.at(-1) === 1
  })
  expect(withBad[0]).toBeGreaterThan(1)
  expect(withBad).toHaveLength(2)
  expect(stream.received.filter(({ typeUrl }) => typeUrl === TYPE.virtualHost).length).toBeLessThan(names.length)
})
