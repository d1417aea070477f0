// One control process and a fleet of delta clients: `node bench/xds-scale.ts [proxies,…] [edits] [--profile DIRECTORY]`, by default 1000 and 60.
// Several sizes make the curve: `node bench/xds-scale.ts 100,250,500,1000`, whole namespaces of 50. Each proxy reaches 50 agents of 10 instances. Control, its
// clients and PostgreSQL share the machine; control's CPU is its own. Edits are accepted when the store says so, as a person would see.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { TYPE } from '#server/compile/names.ts'
import { openDb, type Db } from '#server/db/client.ts'
import { listen, notify } from '#server/db/listen.ts'
import { editWeights, isSynced, makeFleet, openFleetClient, REACH, type FleetClient } from '#server/testing/fleet.ts'
import { startLoneControl, type LoneControl } from '#server/testing/lone-process.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'

const GOALS = { stormMs: 15_000, acceptedMsP99: 250, endpointMsP99: 100, residentMiB: 1024, restCpuShare: 0.02 }
const INSTANCES = 10
const WAIT_MS = 120_000

const { positionals: [sizes = '1000', edits = '60'], values: { profile } } = parseArgs({ allowPositionals: true, options: { profile: { type: 'string' } } })
for (const size of sizes.split(',').map(Number)) if (size > REACH && size % REACH !== 0) throw new Error(`${size} proxies are no whole namespaces of ${REACH}: those of the last would wait for agents that are not there`)
const runs = []
for (const size of sizes.split(',').map(Number)) {
  const run = await measure(size, Number(edits))
  runs.push(run)
  print(run)
}
await mkdir('bench/results', { recursive: true })
await writeFile(`bench/results/xds-scale-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`, `${JSON.stringify({ at: new Date().toISOString(), cpus: cpus().length, load: loadavg(), goals: GOALS, runs }, null, 1)}\n`)
if (runs.length > 1) {
  console.log('proxies  storm ms  edit p50 ms  control CPU ms an edit  bytes an edit')
  for (const run of runs) console.log([run.size, run.stormMs, run.edits.p50, run.cpuMsPerEdit, run.bytesPerEdit].map((value, column) => String(Math.round(value)).padStart([7, 9, 12, 23, 14][column] ?? 0)).join(' '))
}

type Run = Awaited<ReturnType<typeof measure>>

async function measure(size: number, editCount: number) {
  await using postgres = await ownPostgres()
  await using things = new AsyncDisposableStack()
  const db = things.use(openDb(postgres.url, 'heddle-bench'))
  await makeFleet(db, size, INSTANCES)
  const control = things.use(await startLoneControl(postgres.url, { nodeArguments: profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [] }))
  const arrivals: { onResponse: (client: FleetClient, typeUrl: string, names: string[]) => void } = { onResponse: () => {} }
  const reached = Math.min(size, REACH)

  const [cpuBefore, postgresBefore, ownBefore] = [await control.cpuMs(), await postgres.cpuMs(), process.cpuUsage()]
  const began = performance.now()
  const clients: FleetClient[] = []
  while (clients.length < size) {
    clients.push(things.use(openFleetClient(control.port, clients.length, (...response) => arrivals.onResponse(...response))))
    if (clients.length % 20 === 0) await sleep(1) // those that are connected answer pings meanwhile: each stands for a process of its own
  }
  await until('everybody is synced', () => clients.every((client) => isSynced(client, reached)), clients)
  const stormMs = Math.max(...clients.map((client) => client.lastAt)) - began
  const stormCpuMs = (await control.cpuMs()) - cpuBefore
  const postgresCpuMs = (await postgres.cpuMs()) - postgresBefore
  const own = process.cpuUsage(ownBefore)
  const clientsCpuMs = (own.user + own.system) / 1000 // beside control's: near the storm's length they are the limit
  const responses = total(clients, 'responses') / size
  await until('the store has it', async () => (await areStored(db, clients)) && (await quietFor(control)), clients)
  const storedCpuMs = { control: (await control.cpuMs()) - cpuBefore, postgres: (await postgres.cpuMs()) - postgresBefore } // with every row
  const restCpuShare = await cpuShareAtRest(control)

  const beforeEdits = { cpu: await control.cpuMs(), bytes: total(clients, 'bytes'), responses: total(clients, 'responses') }
  const accepted: number[] = []
  for (let edit = 0; edit < editCount; edit++) accepted.push(await editOnce(db, (edit * 37) % size, 51 + (edit % 49))) // each began with 50
  const cpuMsPerEdit = ((await control.cpuMs()) - beforeEdits.cpu) / editCount
  const bytesPerEdit = (total(clients, 'bytes') - beforeEdits.bytes) / editCount
  const responsesPerEdit = (total(clients, 'responses') - beforeEdits.responses) / editCount

  const endpoint: number[] = []
  for (let change = 0; change < editCount; change++) endpoint.push(...(await endpointOnce(db, arrivals, clients, (change * 41) % size, change)))
  const memory = await control.residentMiB()
  return { size, stormMs, stormCpuMs, clientsCpuMs, postgresCpuMs, storedCpuMs, responses, restCpuShare, edits: summary(accepted), endpoints: summary(endpoint), cpuMsPerEdit, bytesPerEdit, responsesPerEdit, interested: reached, residentMiB: memory.most, raw: { accepted, endpoint } }
}

/** From the commit's beginning to the status that a person would see. */
async function editOnce(db: Db, index: number, first: number): Promise<number> {
  let noticed = () => {}
  await using _listening = listen(db.url, ['proxy'], { onNotify: () => noticed() })
  await sleep(20)
  const began = performance.now()
  const revision = await editWeights(db, index, first)
  for (const deadline = began + WAIT_MS; performance.now() < deadline; ) {
    const next = new Promise<void>((resolve) => (noticed = resolve))
    const { rowCount } = await db.pool.query('select from revision where mesh = $1 and number = $2 and accepted_at is not null', ['local', revision])
    if (rowCount === 1) return performance.now() - began
    await Promise.race([next, sleep(100)])
  }
  throw new Error(`revision ${revision} was not accepted within ${WAIT_MS} ms`)
}

/** An instance moves to another port: for each client that reaches it, the time until it hears of it. */
async function endpointOnce(db: Db, arrivals: { onResponse: (client: FleetClient, typeUrl: string, names: string[]) => void }, clients: FleetClient[], index: number, change: number): Promise<number[]> {
  const cluster = `ns-${Math.floor(index / REACH)}/agent-${index}/v1`
  const interested = clients.filter((client) => client.held.get(TYPE.endpoints)?.has(cluster)).length
  const times: number[] = []
  let began = 0
  arrivals.onResponse = (_, typeUrl, names) => {
    if (typeUrl === TYPE.endpoints && names.includes(cluster)) times.push(performance.now() - began)
  }
  began = performance.now()
  await db.pool.query(`update instance set port = $2 where mesh = 'local' and id = $1`, [`agent-${index}-0`, 20_000 + change])
  await notify(db.pool, 'instance', { mesh: 'local', proxy: `proxy-${index}` }) // as a heartbeat says it
  await until(`${interested} clients hear of ${cluster}`, () => times.length >= interested, clients)
  arrivals.onResponse = () => {}
  await sleep(30)
  return times
}

async function until(what: string, check: () => boolean | Promise<boolean>, clients: FleetClient[]): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; ; await sleep(5)) {
    if (await check()) return
    const ended = clients.find((client) => client.ended !== null)
    if (ended) throw new Error(`proxy-${ended.index} lost its stream: ${ended.ended}`)
    if (performance.now() > deadline) throw new Error(`${what}: not within ${WAIT_MS} ms`)
  }
}

/** Whether every acknowledgement is a row: after a storm there is much to write. */
async function areStored(db: Db, clients: FleetClient[]): Promise<boolean> {
  const held = clients.reduce((sum, client) => sum + [...client.held.values()].reduce((names, { size }) => names + size, 0), 0)
  const { rows } = await db.pool.query<{ count: string }>('select count(*) from proxy_resource where acked = sent')
  await sleep(500)
  return Number(rows[0]?.count) >= held
}

/** Nothing is left to do, such as rows of revisions. */
async function quietFor(control: LoneControl): Promise<boolean> {
  const before = await control.cpuMs()
  await sleep(1000)
  return (await control.cpuMs()) - before < 100
}

async function cpuShareAtRest(control: LoneControl): Promise<number> {
  const [before, began] = [await control.cpuMs(), performance.now()]
  await sleep(10_000)
  return ((await control.cpuMs()) - before) / (performance.now() - began)
}

function total(clients: FleetClient[], what: 'bytes' | 'responses'): number {
  return clients.reduce((sum, client) => sum + client[what], 0)
}

function summary(values: number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN)
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

function print(run: Run): void {
  const say = (isMet: boolean, text: string) => console.log(`${isMet ? 'met   ' : 'missed'} ${text}`)
  console.log(`${run.size} proxies, ${run.size} agents × ${INSTANCES} instances, load average ${loadavg()[0]?.toFixed(1)}`)
  say(run.stormMs <= GOALS.stormMs, `connect storm → all synced: ${Math.round(run.stormMs)} ms (goal ${GOALS.stormMs}), ${run.stormCpuMs} ms of control's CPU, ${Math.round(run.clientsCpuMs)} of the clients', ${run.postgresCpuMs} of PostgreSQL's; ${run.responses.toFixed(1)} responses a proxy; with every row ${run.storedCpuMs.control} and ${run.storedCpuMs.postgres} ms`)
  say(run.edits.p99 <= GOALS.acceptedMsP99, `edit → accepted by ${run.interested}: p99 ${run.edits.p99} ms (goal ${GOALS.acceptedMsP99}), median ${run.edits.p50} ms; ${Math.round(run.cpuMsPerEdit)} ms of control's CPU an edit`)
  say(run.endpoints.p99 <= GOALS.endpointMsP99, `endpoint change → at each of ${run.interested}: p99 ${run.endpoints.p99} ms (goal ${GOALS.endpointMsP99}), median ${run.endpoints.p50} ms`)
  say(run.residentMiB <= GOALS.residentMiB, `resident at most: ${run.residentMiB} MiB (goal ${GOALS.residentMiB})`)
  say(run.restCpuShare <= GOALS.restCpuShare, `CPU at rest: ${(run.restCpuShare * 100).toFixed(1)} % of a core (goal ${GOALS.restCpuShare * 100} %)`)
  say(Math.abs(run.responsesPerEdit - run.interested) < 0.5, `one response a proxy that reaches the agent: ${run.responsesPerEdit.toFixed(1)} for ${run.interested}, ${Math.round(run.bytesPerEdit)} bytes an edit`)
}
