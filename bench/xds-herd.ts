// Real Envoys and delta clients at one control process: `node bench/xds-herd.ts [herd|many]`, both when neither is named.
// herd: 20 Envoys and 200 clients come back at once to a control process that was killed; many: 40 Envoys and 500 clients that reach 200
// services each. Control, Envoys, clients and PostgreSQL share the machine. Goals: catalogue rows B7 and H1 of docs/tests.md.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { agent, agentVersion, route } from '#server/compile/fixtures.ts'
import { TYPE } from '#server/compile/names.ts'
import { openDb, type Db } from '#server/db/client.ts'
import { readRevisionStatus } from '#server/queries/revision-status.ts'
import { isSynced, makeFleet, REACH, type FleetClient } from '#server/testing/fleet.ts'
import { ackedEndpoints, addEnvoys, findLost, killControl, MOVING, movePort, openAll, percentile, takenByEnvoys } from '#server/testing/herd.ts'
import { eventually } from '#server/testing/load.ts'
import { startLoneControl } from '#server/testing/lone-process.ts'
import { startNativeMesh, type NativeMesh, type TestProxy } from '#server/testing/native-mesh.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'

const GOALS = { answerMs: 5000, residentTimes: 1.5, lateMsP99: 200, readyMs: 30_000, changeMsP99: 2000 }
const HERD = { envoys: 20, clients: 200 }
const MANY = { envoys: 40, clients: 500, services: 200, changes: 20 }
const WAIT_MS = 180_000
const CLUSTER = `default/${MOVING}/v1`

const { positionals: [only] } = parseArgs({ allowPositionals: true })
const results: Record<string, unknown> = {}
if (only !== 'many') results['herd'] = await comeBackAtOnce()
if (only !== 'herd') results['many'] = await manyTimesMany()
await mkdir('bench/results', { recursive: true })
await writeFile(`bench/results/xds-herd-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`, `${JSON.stringify({ at: new Date().toISOString(), cpus: cpus().length, load: loadavg(), goals: GOALS, ...results }, null, 1)}\n`)

async function comeBackAtOnce() {
  await using postgres = await ownPostgres()
  await using things = new AsyncDisposableStack()
  const db = things.use(openDb(postgres.url, 'heddle-bench'))
  await makeFleet(db, HERD.clients, 2)
  const first = things.use(await startLoneControl(postgres.url))
  const mesh = things.use(await startNativeMesh(db))
  const envoys = await addEnvoys(mesh, HERD.envoys, first.port)
  const { clients } = things.use(openAll(first.port, HERD.clients))
  await eventually('all are synced', WAIT_MS, () => clients.every((client) => isSynced(client, REACH)) && areStored(db, envoys))
  await sleep(10_000) // at rest
  const idleMiB = (await first.residentMiB()).now
  const before = await ackedEndpoints(db, CLUSTER)
  await killControl(first)
  await movePort(db, [MOVING, ...clients.map(({ index }) => index).filter((index) => index % REACH === 0).map((index) => `agent-${index}-0`)], 23_456) // so that there is something to say to each

  const second = things.use(await startLoneControl(postgres.url, { port: first.port, late: true }))
  const began = performance.now()
  await second.lateMs() // from here on
  const cpuBefore = await second.cpuMs()
  const { clients: herd } = things.use(openAll(first.port, HERD.clients, (index) => clients[index]?.held))
  const [envoyMs] = await Promise.all([takenByEnvoys(db, envoys, CLUSTER, before, began, WAIT_MS), eventually('all clients are answered', WAIT_MS, () => herd.every(({ firstAt }) => firstAt !== null))])
  const clientMs = herd.map(({ firstAt }) => (firstAt ?? Number.POSITIVE_INFINITY) - began)
  const lateMs = await second.lateMs()
  const cpuMs = (await second.cpuMs()) - cpuBefore
  await sleep(2000)
  findLost(herd)
  const mostMiB = (await second.residentMiB()).most
  const slowest = Math.max(...clientMs, ...envoyMs)
  console.log(`${HERD.envoys} Envoys and ${HERD.clients} clients back at a control that was killed, load average ${loadavg()[0]?.toFixed(1)}`)
  say(slowest <= GOALS.answerMs, `no answer older than ${GOALS.answerMs} ms: the slowest client ${Math.round(Math.max(...clientMs))} ms, the slowest Envoy ${Math.round(Math.max(...envoyMs))} ms (stored)`)
  say(mostMiB <= idleMiB * GOALS.residentTimes, `resident at most ${mostMiB} MiB, ${(mostMiB / idleMiB).toFixed(2)} × what it was at rest (goal ${GOALS.residentTimes})`)
  say(percentile(lateMs, 0.99) <= GOALS.lateMsP99, `event loop late: p99 ${percentile(lateMs, 0.99)} ms (goal ${GOALS.lateMsP99}), at most ${Math.max(...lateMs)} ms, over ${(lateMs.length / 100).toFixed(1)} s, in which it had ${(cpuMs / 1000).toFixed(1)} s of CPU`)
  return { ...HERD, idleMiB, mostMiB, cpuMs, raw: { clientMs, envoyMs, lateMs } }
}

async function manyTimesMany() {
  await using postgres = await ownPostgres()
  await using things = new AsyncDisposableStack()
  const db = things.use(openDb(postgres.url, 'heddle-bench'))
  await makeFleet(db, MANY.clients, 0)
  const control = things.use(await startLoneControl(postgres.url, { late: true }))
  const mesh = things.use(await startNativeMesh(db))
  await makeServices(mesh)

  const began = performance.now()
  const starting = addEnvoys(mesh, MANY.envoys, control.port, serviceOf)
  const { clients } = things.use(openAll(control.port, MANY.clients))
  const envoys = await starting
  const envoyMs = await Promise.all(envoys.map(async (envoy) => {
    await eventually(`${envoy.id} has all clusters`, WAIT_MS, async () => (await envoy.stat('cluster_manager.active_clusters')) >= MANY.services && (await envoy.admin('/ready')).startsWith('LIVE'))
    return performance.now() - began
  }))
  await eventually('all clients are synced', WAIT_MS, () => clients.every(hasAll))
  const clientMs = clients.map(({ lastAt }) => lastAt - began)
  findLost(clients)
  const readyMs = Math.max(...clientMs, ...envoyMs)
  await eventually('the store has it', WAIT_MS, async () => (await db.pool.query('select 1 from proxy_resource where acked is distinct from sent limit 1')).rowCount === 0)
  await sleep(5000)

  const changeMs: number[] = []
  const of = new Set<number>()
  for (let change = 0; change < MANY.changes; change++) {
    const at = performance.now()
    const revision = await mesh.commit([markedRoute(serviceOf((change * 37) % MANY.services), `change ${change}`)])
    await eventually(`revision ${revision} is accepted`, WAIT_MS, async () => {
      const status = await readRevisionStatus(db, 'local', revision)
      of.add(status.of)
      return status.state === 'accepted'
    })
    changeMs.push(performance.now() - at)
  }
  const memory = await control.residentMiB()
  console.log(`${MANY.envoys} Envoys × ${MANY.services} services and ${MANY.clients} clients, load average ${loadavg()[0]?.toFixed(1)}`)
  say(readyMs <= GOALS.readyMs, `all ready: ${Math.round(readyMs)} ms after the first was started (goal ${GOALS.readyMs}); Envoys ${Math.round(Math.max(...envoyMs))}, clients ${Math.round(Math.max(...clientMs))}`)
  say(percentile(changeMs, 0.99) <= GOALS.changeMsP99, `a change → accepted by all ${Math.max(...of)}: p99 ${Math.round(percentile(changeMs, 0.99))} ms (goal ${GOALS.changeMsP99}), median ${Math.round(percentile(changeMs, 0.5))} ms, ${MANY.changes} changes`)
  console.log(`       resident at most ${memory.most} MiB`)
  return { ...MANY, of: Math.max(...of), residentMiB: memory.most, raw: { clientMs, envoyMs, changeMs } }
}

function serviceOf(index: number): string {
  return `service-${index}`
}

/** In one namespace, where the clients' proxies are put too, so that each reaches all of them. */
async function makeServices(mesh: NativeMesh): Promise<void> {
  const names = Array.from({ length: MANY.services }, (_, index) => serviceOf(index))
  await mesh.commit(names.flatMap((name) => [agent(name, { exportTo: [] }), agentVersion(name, 'v1'), markedRoute(name, 'first')]))
  await mesh.db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) select 'local', 'service-' || i, 'default', 'service-' || i, 'v1', '10.2.0.' || i, 9000, 'sidecar' from generate_series(0, $1::int - 1) i`, [MANY.services])
  await mesh.db.pool.query(`update proxy set namespace = 'default', agent = 'service-' || (substr(id, 7)::int % $1::int) where mesh = 'local' and id like 'proxy-%'`, [MANY.services])
}

function markedRoute(name: string, mark: string) {
  const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-mark', value: mark }] } }]
  return route(name, { parentRefs: [{ name }], rules: [{ filters, backendRefs: [{ name }] }] })
}

function hasAll({ held }: FleetClient): boolean {
  return (held.get(TYPE.endpoints)?.size ?? 0) >= MANY.services && (held.get(TYPE.virtualHost)?.size ?? 0) >= MANY.services && (held.get(TYPE.listener)?.size ?? 0) >= 2
}

async function areStored(db: Db, envoys: readonly TestProxy[]): Promise<boolean> {
  const taken = await ackedEndpoints(db, CLUSTER)
  return envoys.every(({ id }) => taken.has(id)) && (await db.pool.query('select 1 from proxy_resource where acked is distinct from sent limit 1')).rowCount === 0
}

function say(isMet: boolean, text: string): void {
  console.log(`${isMet ? 'met   ' : 'missed'} ${text}`)
}
