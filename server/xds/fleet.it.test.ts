// A control process of its own, and many clients: what it costs when all of them come at once, when endpoints never stand still, when one
// proxy may call thousands, and when somebody means harm.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { agent, agentVersion, proxyView } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { compileSnapshot } from '../compile/snapshot.ts'
import type { Db } from '../db/client.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { testDatabase } from '../testing/database.ts'
import { isSynced, makeFleet, REACH, type FleetClient } from '../testing/fleet.ts'
import { ackedEndpoints, addEnvoys, findLost, killControl, MOVING, movePort, openAll, percentile, takenByEnvoys } from '../testing/herd.ts'
import { eventually } from '../testing/load.ts'
import { startLoneControl } from '../testing/lone-process.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'
import { openStream } from '../testing/raw-stream.ts'

const HERD = { clients: 100, envoys: 3 }
const BUSY = 8 // a machine that runs other tests as well
const CHURN = { rounds: 240, atOnce: 10 }
const SERVICES = 2000

function areSynced(clients: readonly FleetClient[]): boolean {
  findLost(clients)
  return clients.every((client) => isSynced(client, Math.min(REACH, clients.length)))
}

function moveEndpoints(db: Db, agents: readonly number[], port: number): Promise<void> {
  return movePort(db, agents.map((index) => `agent-${index}-0`), port)
}

test('a hundred proxies and three Envoys that come at once are answered within seconds; those that come back to a process after one that was killed are sent what changed meanwhile, and nothing else', { timeout: 240_000 }, async () => {
  await using db = await testDatabase()
  await makeFleet(db, HERD.clients, 2)
  const killed = await startLoneControl(db.url)
  const { port } = killed
  const began = performance.now()
  using fresh = openAll(port, HERD.clients)
  await using mesh = await startNativeMesh(db)
  const envoys = await addEnvoys(mesh, HERD.envoys, port)
  await eventually('all are synced', 90_000, () => areSynced(fresh.clients))
  const slowest = Math.max(...fresh.clients.map((client) => client.firstAt ?? Number.POSITIVE_INFINITY)) - began
  expect(slowest).toBeLessThan(5000 * BUSY)
  // What the first proxy of a build took goes to the others many at a time: not one response a resource.
  expect(Math.min(...fresh.clients.map((client) => client.responses))).toBeLessThan(REACH)
  const cluster = `default/${MOVING}/v1`
  const before = await eventually('the store has it', 90_000, async () => {
    const acked = await ackedEndpoints(db, cluster)
    return envoys.every(({ id }) => acked.has(id)) && (await db.pool.query(`select 1 from proxy_resource where acked is distinct from sent limit 1`)).rowCount === 0 ? acked : null
  })
  await killControl(killed)

  const dead = (await db.pool.query<{ id: string }>('select id from control_process')).rows.map(({ id }) => id)
  await movePort(db, ['agent-3-0', MOVING], 23_456) // the one of the first namespace: fifty reach it; the other is the Envoys’
  await using control = await startLoneControl(db.url, { port, late: true })
  const idle = await control.residentMiB()
  await control.lateMs()
  const back = performance.now()
  using herd = openAll(port, HERD.clients, (index) => fresh.clients[index]?.held)
  const envoyMs = await takenByEnvoys(db, envoys, cluster, before, back, 60_000)
  expect(Math.max(...envoyMs)).toBeLessThan(5000 * BUSY)
  await eventually('all have streams', 60_000, async () => (await db.pool.query(`select 1 from proxy where id like 'proxy-%' and control_id <> all($1)`, [dead])).rowCount === HERD.clients)
  await eventually('those who reach it hear of the change', 60_000, () => herd.clients.every((client) => client.index >= REACH || client.resources > 0))
  expect(percentile(await control.lateMs(), 0.99)).toBeLessThan(200 * BUSY)
  await sleep(1000)
  expect(herd.clients.filter(({ ended }) => ended !== null)).toEqual([])
  expect(herd.clients.map(({ resources }) => resources)).toEqual(herd.clients.map(({ index }) => (index < REACH ? 1 : 0)))
  expect((await control.residentMiB()).now).toBeLessThan(idle.now * 1.5 + 64)
})

test('endpoints that never stand still, beside a proxy that reads nothing: memory stays, pushes are joined, and everybody ends with the last state', { timeout: 240_000 }, async () => {
  await using db = await testDatabase()
  await makeFleet(db, REACH, 2)
  await using control = await startLoneControl(db.url)
  using fleet = openAll(control.port, REACH)
  await eventually('all are synced', 60_000, () => areSynced(fleet.clients))
  const [frozen, ...others] = fleet.clients
  frozen?.freeze()
  const before = others.reduce((sum, client) => sum + client.responses, 0)
  let warm = Number.POSITIVE_INFINITY
  for (let round = 0; round < CHURN.rounds; round++) {
    await moveEndpoints(db, Array.from({ length: CHURN.atOnce }, (_, n) => (round * CHURN.atOnce + n * 7) % REACH), 20_000 + round)
    if (round === CHURN.rounds / 3) warm = (await control.residentMiB()).now
  }
  const wanted = compileSnapshot(await readMeshState(db, 'local'), proxyView('agent-0', { id: 'proxy-0', namespace: 'ns-0' })).resources.get(TYPE.endpoints) ?? new Map()
  const last = new Map([...wanted].map(([name, { version }]) => [name, version]))
  const isLast = ({ held }: FleetClient) => [...last].every(([name, version]) => held.get(TYPE.endpoints)?.get(name) === version)
  await eventually('the last state is everywhere', 60_000, () => others.every(isLast))
  expect(others.reduce((sum, client) => sum + client.responses, 0) - before).toBeLessThan(CHURN.rounds * CHURN.atOnce * others.length)
  expect((await control.residentMiB()).now).toBeLessThan(warm * 1.1 + 64)
})

test('a proxy that may call two thousand agents has them all within seconds, in bounded memory on both sides, and calls one', { timeout: 240_000 }, async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit(Array.from({ length: SERVICES }, (_, n) => [agent(`service-${n}`), agentVersion(`service-${n}`, 'v1')]).flat())
  const called = await mesh.addProxy('service-1999')
  await using control = await startLoneControl(db.url)
  const idle = await control.residentMiB()
  const began = performance.now()
  const caller = await mesh.addProxy('service-0', { controls: [control.port], waitReady: false })
  await eventually('all clusters', 60_000, async () => (await caller.stat('cluster_manager.active_clusters')) >= SERVICES)
  await eventually('a call', 60_000, async () => (await caller.out.call('service-1999.default.mesh')).status === 200)
  expect(performance.now() - began).toBeLessThan(10_000 * BUSY)
  expect((await control.residentMiB()).most - idle.now).toBeLessThan(200)
  const status = await readFile(`/proc/${caller.process.pid}/status`, 'utf8')
  expect(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toBeLessThan(400)
  expect(called.process.exitCode).toBeNull()
})

test('a thousand streams of one identity, and as many that say nothing, cost the others no push and control no memory', { timeout: 240_000 }, async () => {
  await using db = await testDatabase()
  await makeFleet(db, 20, 2)
  await using control = await startLoneControl(db.url)
  using fleet = openAll(control.port, 20)
  await eventually('all are synced', 60_000, () => areSynced(fleet.clients))
  const idle = await control.residentMiB()
  using hostile = new DisposableStack()
  for (let n = 0; n < 1000; n++) {
    const stream = hostile.use(openStream(control.port, 'delta', 'spiffe://mesh.test/ns/ns-0/agent/agent-0', { id: n % 2 === 0 ? 'proxy-0' : 'proxy-1', build: '' }))
    if (n % 4 < 2) stream.send({ node: { id: n % 2 === 0 ? 'proxy-0' : 'proxy-1', build: '' }, typeUrl: TYPE.cluster, subscribe: Array.from({ length: 1000 }, (_, name) => `nobody-${name}`) })
  }
  const honest = fleet.clients.slice(2)
  for (let round = 0; round < 5; round++) {
    const before = honest.map(({ resources }) => resources)
    const began = performance.now()
    await moveEndpoints(db, [5], 24_000 + round)
    await eventually('the push is everywhere', 30_000, () => honest.every(({ resources }, at) => resources > (before[at] ?? 0)))
    expect(performance.now() - began).toBeLessThan(2000 * BUSY)
  }
  expect(honest.filter(({ ended }) => ended !== null)).toEqual([])
  expect((await control.residentMiB()).now - idle.now).toBeLessThan(300)
})
