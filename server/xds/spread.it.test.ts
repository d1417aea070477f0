// Where calls land among a version's instances: near ones first, new ones slowly, loaded ones less. Counted on real calls.
import { expect, test } from 'vitest'
import { agent, agentVersion, trafficPolicy } from '../compile/fixtures.ts'
import { notify } from '../db/listen.ts'
import { testDatabase } from '../testing/database.ts'
import { burst, eventually } from '../testing/load.ts'
import { startNativeMesh, type NativeMesh, type TestProxy } from '../testing/native-mesh.ts'

const HOST = 'callee.default.mesh'

async function startCallee(mesh: NativeMesh, zones: string[]): Promise<TestProxy[]> {
  await mesh.commit([agent('caller'), agent('callee'), agentVersion('callee', 'v1')])
  const callees: TestProxy[] = []
  for (const zone of zones) callees.push(await mesh.addProxy('callee', { zone }))
  return callees
}

const policyOf = (spec: Record<string, unknown>) => trafficPolicy('callee', { targetRefs: [{ name: 'callee' }], ...spec })

/** How many of `total` calls each callee got; every call must succeed. */
async function countCalls(caller: TestProxy, callees: readonly TestProxy[], total: number): Promise<number[]> {
  const before = callees.map((callee) => callee.agent.received.length)
  const answers = await burst(total, 4, () => caller.out.call(HOST))
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([])
  return callees.map((callee, index) => callee.agent.received.length - (before[index] ?? 0))
}

async function setHealth(mesh: NativeMesh, id: string, state: 'draining' | 'ready'): Promise<void> {
  await mesh.db.pool.query('update instance set state = $2 where id = $1', [id, state])
  await notify(mesh.db.pool, 'instance', { mesh: 'local' })
}

test('calls stay in the caller’s zone, then in its region, and go anywhere when nobody nearer is left', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const callees = await startCallee(mesh, ['eu/a', 'eu/b', 'us/a'])
  const [near, region, far] = callees
  const caller = await mesh.addProxy('caller', { zone: 'eu/a' })
  const placeless = await mesh.addProxy('caller')

  const spread = await countCalls(caller, callees, 90)
  expect(Math.min(...spread), String(spread)).toBeGreaterThan(0) // without a policy a zone means nothing
  await mesh.accepted(await mesh.commit([policyOf({ loadBalancer: { policy: 'RoundRobin' }, locality: {} })]))
  expect(await countCalls(caller, callees, 60)).toEqual([60, 0, 0])
  expect(await countCalls(placeless, callees, 60)).toEqual([20, 20, 20])

  await setHealth(mesh, near!.id, 'draining')
  await eventually('the region takes over', 10_000, async () => (await countCalls(caller, callees, 4))[1] === 4)
  expect(await countCalls(caller, callees, 60)).toEqual([0, 60, 0])
  await setHealth(mesh, region!.id, 'draining')
  await eventually('the rest takes over', 10_000, async () => (await countCalls(caller, callees, 4))[2] === 4)
  expect(far!.agent.received.length).toBeGreaterThan(0)
  await setHealth(mesh, near!.id, 'ready')
  await eventually('back in its zone', 10_000, async () => (await countCalls(caller, callees, 4))[0] === 4)
  expect(await countCalls(caller, callees, 60)).toEqual([60, 0, 0])
  expect(mesh.control.errors).toEqual([])
}, 120_000)

test('below the share that must be healthy, a zone’s calls overflow; above it none does', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const callees = await startCallee(mesh, ['a', 'a', 'b'])
  const caller = await mesh.addProxy('caller', { zone: 'a' })
  const half = callees[1]!
  half.agent.server.removeAllListeners('request')
  half.agent.server.on('request', (_, response) => response.writeHead(500).end())
  const eject = { outlierDetection: { consecutive5xx: 1, interval: '1s', baseEjectionTime: '60s', maxEjectionPercent: 50 }, loadBalancer: { policy: 'RoundRobin' } }
  await mesh.accepted(await mesh.commit([policyOf({ ...eject, locality: { failoverBelowPercent: 40 } })]))
  await eventually('one of two is left out', 10_000, async () => (await burst(10, 1, () => caller.out.call(HOST))).every((answer) => answer.status === 200))
  expect((await countCalls(caller, callees, 60))[2]).toBe(0) // half of the zone is healthy, and that is enough

  await mesh.accepted(await mesh.commit([policyOf({ ...eject, locality: { failoverBelowPercent: 100 } })]))
  await eventually('one of two is left out', 10_000, async () => (await burst(10, 1, () => caller.out.call(HOST))).every((answer) => answer.status === 200))
  const [kept, , over] = await countCalls(caller, callees, 400)
  expect(Math.abs(over! - 200), `${kept} ${over}`).toBeLessThan(4 * Math.sqrt(400 * 0.25))
}, 120_000)

test('an instance that reports twice the load gets half the calls', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const callees = await startCallee(mesh, ['', ''])
  const caller = await mesh.addProxy('caller')
  for (const [index, load] of [0.2, 0.8].entries()) {
    const { server, received } = callees[index]!.agent
    server.removeAllListeners('request')
    server.on('request', (request, response) => {
      received.push({ path: request.url ?? '', headers: request.headers })
      response.writeHead(200, { 'endpoint-load-metrics': `JSON {"application_utilization": ${load}, "rps_fractional": 100}` }).end()
    })
  }
  await mesh.accepted(await mesh.commit([policyOf({ loadBalancer: { policy: 'Utilization', utilization: { blackoutPeriod: '1s' } } })]))
  await eventually('the reports count', 20_000, async () => {
    const [light = 0, heavy = 0] = await countCalls(caller, callees, 100)
    return light > heavy * 3
  })
  const [light = 0, heavy = 0] = await countCalls(caller, callees, 500)
  expect(Math.abs(light - 400), `${light} : ${heavy}`).toBeLessThan(25) // 0.8 to 0.2 of the load is 4 to 1 of the calls
}, 120_000)

test('with slow start an instance that comes begins with a small share, and has its full one after the window', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const callees = await startCallee(mesh, ['', ''])
  const caller = await mesh.addProxy('caller')
  const { rows } = await mesh.db.pool.query('delete from instance where id = $1 returning *', [callees[1]!.id])
  await notify(mesh.db.pool, 'instance', { mesh: 'local' })
  await mesh.accepted(await mesh.commit([policyOf({ loadBalancer: { policy: 'RoundRobin', slowStart: { window: '12s' } } })]))
  await new Promise((resolve) => setTimeout(resolve, 13_000)) // the one that stayed is then past its own window
  expect(await countCalls(caller, callees, 10)).toEqual([10, 0])

  await mesh.db.pool.query('insert into instance select * from jsonb_populate_record(null::instance, $1)', [JSON.stringify(rows[0])])
  await notify(mesh.db.pool, 'instance', { mesh: 'local' })
  await eventually('the one that came is called', 10_000, async () => (await countCalls(caller, callees, 5))[1]! > 0)
  const [old, fresh] = await countCalls(caller, callees, 200)
  expect(fresh, `${old} : ${fresh}`).toBeLessThan(70)
  await eventually('its full share', 30_000, async () => (await countCalls(caller, callees, 100))[1]! >= 49)
}, 120_000)
