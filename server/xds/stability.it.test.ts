import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { agent, agentVersion, split } from '../compile/fixtures.ts'
import { openDb, type Db } from '../db/client.ts'
import { readProxies } from '../queries/proxies.ts'
import { testDatabase } from '../testing/database.ts'
import { gateTo } from '../testing/gate.ts'
import { eventually, openLoop } from '../testing/load.ts'
import { startNativeMesh, type TestProxy } from '../testing/native-mesh.ts'
import { startTestControl, type TestControl } from '../testing/test-control.ts'

test('N is honest: a stopped proxy is waited for until it runs again, also when it stopped before the edit', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('clock'), agent('bell'), agent('tower'), agentVersion('bell', 'v1'), agentVersion('bell', 'v2'), split('bell', { v1: 1, v2: 1 })])
  const proxies = [await mesh.addProxy('clock'), await mesh.addProxy('bell'), await mesh.addProxy('tower')]
  await mesh.accepted(await mesh.commit([split('bell', { v1: 2, v2: 1 })]))
  const frozen = proxies[2]!
  frozen.process.kill('SIGSTOP')
  const first = await mesh.commit([split('bell', { v1: 3, v2: 1 })])
  await eventually('two of three', 3000, async () => (await mesh.status(first)).accepted === 2)
  await eventually('the loss of the stream', 10_000, async () => (await readProxies(db, 'local', { limit: 1, id: frozen.id }))[0]?.state === 'disconnected')
  expect(await mesh.status(first)).toMatchObject({ state: 'pending', of: 3, accepted: 2, pending: [frozen.id], disconnected: [frozen.id] })
  const second = await mesh.commit([split('bell', { v1: 4, v2: 1 })])
  await eventually('two of three again', 3000, async () => (await mesh.status(second)).accepted === 2)
  expect(await mesh.status(second)).toMatchObject({ state: 'pending', of: 3, pending: [frozen.id] })
  frozen.process.kill('SIGCONT')
  await mesh.accepted(first, 10_000)
  await mesh.accepted(second)
})

test('where no proxy needs a change it is accepted by none, and says so', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('lone')])
  await mesh.addProxy('lone')
  const revision = await mesh.commit([agent('secret', { exportTo: [] }, 'elsewhere')])
  await mesh.accepted(revision)
  expect(await mesh.status(revision)).toMatchObject({ state: 'accepted', of: 0, accepted: 0, rejected: [], pending: [] })
})

test('a control process that comes back with the same state changes nothing, and no call fails meanwhile', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('sailor'), agent('harbour'), agentVersion('harbour', 'v1'), agentVersion('harbour', 'v2'), split('harbour', { v1: 1, v2: 0 })])
  const first = await startTestControl(db)
  const proxies = [await mesh.addProxy('sailor', { controls: [first.port] }), await mesh.addProxy('harbour', { controls: [first.port] }), await mesh.addProxy('sailor', { variant: 'sotw', controls: [first.port] })]
  for (const proxy of proxies) expect((await proxy.out.call('harbour.default.mesh')).status, proxy.log()).toBe(200)
  await eventually('all is settled', 5000, async () => (await readProxies(db, 'local', { limit: 10 })).every((proxy) => proxy.state === 'synced'))
  const before = await Promise.all(proxies.map(configured))
  const load = openLoop(50, () => proxies[0]!.out.call('harbour.default.mesh'))
  await first[Symbol.asyncDispose]()
  await new Promise((resolve) => setTimeout(resolve, 300))
  await using _again = await startTestControl(db, first.port)
  await eventually('all are back', 10_000, async () => (await readProxies(db, 'local', { limit: 10 })).every((proxy) => proxy.control !== null))
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await Promise.all(proxies.map(configured))).toEqual(before)
  expect((await load.stop()).filter((result) => result.status !== 200)).toEqual([])
})

test('control that starts without its store, or while half of it is locked, tells no proxy anything; then nothing has changed', { timeout: 90_000 }, async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('sailor'), agent('harbour'), agentVersion('harbour', 'v1'), agentVersion('harbour', 'v2'), split('harbour', { v1: 1, v2: 0 })])
  const first = await startTestControl(db)
  const proxies = [await mesh.addProxy('sailor', { controls: [first.port] }), await mesh.addProxy('harbour', { controls: [first.port] })]
  await eventually('all is settled', 5000, async () => (await readProxies(db, 'local', { limit: 10 })).every((proxy) => proxy.state === 'synced'))
  const before = await Promise.all(proxies.map(configured))
  const connected = () => Promise.all(proxies.map((proxy) => proxy.stat('control_plane.connected_state')))
  const load = openLoop(50, () => proxies[0]!.out.call('harbour.default.mesh'))
  const url = new URL(db.url)
  await using gate = await gateTo(Number(url.port))
  url.port = String(gate.port)
  await using far = openDb(url.href, 'heddle-test')
  gate.shut()
  await first[Symbol.asyncDispose]()
  const starting = startUntilUp(far, first.port)
  await sleep(1500)
  expect(await connected()).toEqual([0, 0])

  const locker = await db.pool.connect()
  await locker.query('begin')
  await locker.query('lock table instance in access exclusive mode') // what is read first is there, what is read last is not
  gate.open()
  await sleep(2000)
  expect(await connected()).toEqual([0, 0])
  await locker.query('rollback')
  locker.release()

  await using _again = await starting
  await eventually('all are back', 10_000, async () => (await connected()).every((state) => state === 1))
  await sleep(500)
  expect(await Promise.all(proxies.map(configured))).toEqual(before)
  expect((await load.stop()).filter((result) => result.status !== 200)).toEqual([])
})

/** As the supervisor does: a process that cannot start is started again. */
async function startUntilUp(db: Db, port: number): Promise<TestControl> {
  for (;;) {
    try {
      return await startTestControl(db, port)
    } catch {
      await sleep(200)
    }
  }
}

test('two control processes: n of N is right, and either may die', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('twin'), agent('mirror'), agentVersion('mirror', 'v1'), agentVersion('mirror', 'v2'), split('mirror', { v1: 1, v2: 1 })])
  const second = await startTestControl(db)
  await mesh.addProxy('twin', { controls: [mesh.control.port] })
  await mesh.addProxy('mirror', { controls: [second.port, mesh.control.port] })
  await mesh.addProxy('twin', { controls: [second.port, mesh.control.port] })
  const revision = await mesh.commit([split('mirror', { v1: 2, v2: 1 })])
  await mesh.accepted(revision)
  expect(await mesh.status(revision)).toMatchObject({ of: 3, accepted: 3 })
  await second[Symbol.asyncDispose]()
  await eventually('all are with the first', 10_000, async () => new Set((await readProxies(db, 'local', { limit: 10 })).map((proxy) => proxy.control)).size === 1)
  const next = await mesh.commit([split('mirror', { v1: 3, v2: 1 })])
  await mesh.accepted(next, 10_000)
  expect(await mesh.status(next)).toMatchObject({ of: 3, accepted: 3 })
})

test('a proxy that speaks state of the world gets whole route configurations, and follows edits', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('old-timer'), agent('news'), agentVersion('news', 'v1'), agentVersion('news', 'v2')])
  const proxy = await mesh.addProxy('old-timer', { variant: 'sotw' })
  await mesh.addProxy('news', { version: 'v1' })
  await mesh.addProxy('news', { version: 'v2' })
  for (const [v1, v2, expected] of [[0, 1, 'v2'], [1, 0, 'v1']] as const) {
    await mesh.accepted(await mesh.commit([split('news', { v1, v2 })]))
    expect((await proxy.out.call('news.default.mesh')).body).toBe(expected)
  }
  await mesh.accepted(await mesh.commit([agent('paper')]))
  expect((await proxy.out.call('paper.default.mesh')).status).toBe(503)
  await mesh.commit([], [{ kind: 'Agent', namespace: 'default', name: 'paper' }])
  await eventually('the host is gone', 3000, async () => (await proxy.out.call('paper.default.mesh')).status === 404)
})

test('a control process that died without a word is taken over: its proxies count, then its row goes', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('widow'), agent('work'), agentVersion('work', 'v1'), agentVersion('work', 'v2'), split('work', { v1: 1, v2: 1 })])
  await mesh.addProxy('work')
  // What a killed process leaves: its row, an old heartbeat, and a proxy that it had.
  await mesh.addProxyRow('widow', 'widow-1', { inboundPort: 1, outboundPort: 2, agentPort: 3 })
  await db.pool.query(`insert into control_process (id, address, heartbeat_at, compiled) values ('dead', 'elsewhere:1', now() - interval '3 seconds', '{"local": 1}')`)
  await db.pool.query(`update proxy set control_id = 'dead', connected_at = now() where id = 'widow-1'`)
  await db.pool.query(`insert into proxy_resource (mesh, proxy, type_url, name, acked) values ('local', 'widow-1', 'type.googleapis.com/envoy.config.route.v3.VirtualHost', 'outbound/work.default.mesh', 'old')`)
  const revision = await mesh.commit([split('work', { v1: 2, v2: 1 })])
  await eventually('the living one', 3000, async () => (await mesh.status(revision)).accepted === 1)
  expect((await mesh.status(revision)).state).toBe('pending') // the dead one has not said who needs it
  await eventually('the take-over', 8000, async () => (await mesh.status(revision)).pending.includes('widow-1'))
  expect(await mesh.status(revision)).toMatchObject({ of: 2, accepted: 1, disconnected: ['widow-1'] })
  expect((await db.pool.query(`select from control_process where id = 'dead'`)).rowCount).toBe(0)
})

async function configured(proxy: TestProxy) {
  const names = ['listener_manager.listener_modified', 'listener_manager.listener_added', 'cluster_manager.cluster_modified', 'cluster_manager.cluster_added', 'cluster.default/harbour/v1.membership_change', 'http.outbound.rds.outbound.config_reload']
  return Promise.all(names.map((name) => proxy.stat(name)))
}
