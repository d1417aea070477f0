// Calls that name a capability instead of an agent, through real Envoys.
import { expect, test } from 'vitest'
import { agent, agentRoute } from '../compile/fixtures.ts'
import { notify } from '../db/listen.ts'
import { testDatabase } from '../testing/database.ts'
import { burst, eventually, openLoop, tally } from '../testing/load.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

const CAN_DYE = { capabilities: [{ id: 'dye_cloth', tags: ['cloth'] }] }

test('by host, by header and by MCP tool name; who joins and leaves moves no listener and no other cluster', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('buyer'), agent('dyer', CAN_DYE), agent('vat', CAN_DYE), agent('tools', { protocol: 'mcp', capabilities: [{ id: 'find' }] }), agentRoute('cloth', { require: { tags: ['cloth'] }, hostnames: ['cloth.mesh'], strategy: 'even' })])
  const buyer = await mesh.addProxy('buyer')
  const dyer = await mesh.addProxy('dyer', { version: 'dyer' })
  await mesh.addProxy('tools', { version: 'tools' })
  const ask = (host: string, headers: Record<string, string> = {}) => buyer.out.call(host, { headers })
  await eventually('the tools can be called', 30_000, async () => expect((await ask('capability.mesh', { 'mcp-name': 'find' })).body).toBe('tools'))
  expect((await ask('capability.dye-cloth.mesh')).body).toBe('dyer')
  expect((await ask('capability.mesh', { 'x-heddle-capability': 'dye_cloth' })).body).toBe('dyer')
  expect((await ask('cloth.default.route.mesh')).body).toBe('dyer')
  expect((await ask('capability.mesh', { 'mcp-name': 'dye_cloth' })).status).toBe(503) // no MCP tool
  expect((await ask('capability.mesh', { 'x-heddle-capability': 'weave' })).status).toBe(503)
  expect((await ask('capability.weave.mesh')).status).toBe(404)

  const before = { listeners: await buyer.stat('listener_manager.listener_modified'), clusters: await buyer.stat('cluster_manager.cluster_modified') }
  const vat = await mesh.addProxy('vat', { version: 'vat' })
  await eventually('the new agent takes calls', 15_000, async () => expect(tally((await burst(20, 4, () => ask('cloth.mesh'))).map(({ body }) => body)).get('vat')).toBeGreaterThan(0))
  const evenly = tally((await burst(200, 4, () => ask('cloth.mesh'))).map(({ body }) => body))
  expect(Math.abs((evenly.get('vat') ?? 0) - 100)).toBeLessThan(40)

  const load = openLoop(20, () => ask('capability.dye-cloth.mesh'))
  await db.pool.query(`update instance set state = 'draining' where id = $1`, [dyer.id])
  await notify(db.pool, 'instance', { mesh: 'local' })
  await eventually('the one that left gets nothing', 15_000, async () => expect(new Set((await burst(20, 4, () => ask('capability.dye-cloth.mesh'))).map(({ body }) => body))).toEqual(new Set(['vat'])))
  const results = await load.stop()
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
  expect({ listeners: await buyer.stat('listener_manager.listener_modified'), clusters: await buyer.stat('cluster_manager.cluster_modified') }).toEqual(before)
  await vat[Symbol.asyncDispose]()
}, 180_000)

test('health from probes moves calls in the moment it is known: down, overloaded, back', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('buyer'), agent('dyer')])
  const buyer = await mesh.addProxy('buyer')
  const [one, two] = [await mesh.addProxy('dyer', { version: 'v1' }), await mesh.addProxy('dyer', { version: 'v1' })]
  const countOf = async (calls: number) => {
    const [a, b] = [one.agent.received.length, two.agent.received.length]
    await burst(calls, 1, () => buyer.out.call('dyer'))
    return [one.agent.received.length - a, two.agent.received.length - b] as const
  }
  const become = async (state: string) => {
    await db.pool.query(`insert into instance_health (mesh, instance, namespace, agent, state) values ('local', $1, 'default', 'dyer', $2) on conflict (mesh, instance) do update set state = excluded.state`, [one.id, state])
    await notify(db.pool, 'instance', { mesh: 'local' })
  }
  await eventually('both answer', 30_000, async () => expect(Math.min(...(await countOf(20)))).toBeGreaterThan(0))
  await become('down')
  await eventually('nothing goes to the one that is down', 15_000, async () => expect((await countOf(20))[0]).toBe(0))
  await become('ready')
  await eventually('it is back', 15_000, async () => expect((await countOf(20))[0]).toBeGreaterThan(0))
  await become('overloaded')
  await eventually('an overloaded one gets little', 15_000, async () => {
    const [little, most] = await countOf(60)
    return expect(little).toBeLessThan(most / 3)
  })
  for (const proxy of [one, two]) await db.pool.query(`insert into instance_health (mesh, instance, namespace, agent, state) values ('local', $1, 'default', 'dyer', 'down') on conflict (mesh, instance) do update set state = 'down'`, [proxy.id])
  await notify(db.pool, 'instance', { mesh: 'local' })
  await eventually('with nobody well a call is refused, not sent at random', 15_000, async () => expect((await buyer.out.call('dyer')).status).toBe(503))
}, 180_000)
