// What a decision by content adds to a call, through real Envoys: `node bench/semantic-latency.ts [tasks a second] [seconds]`.
// The same three agents are called by a route that spreads, by one that reads each task (all different), and by one that has read it before.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { agent, agentRoute } from '#server/compile/fixtures.ts'
import { parseSpiffeId } from '#server/contracts/ids.ts'
import type { MeshState } from '#server/contracts/mesh-state.ts'
import { openDb } from '#server/db/client.ts'
import { ALLOW_NOTHING } from '#server/fetch/addresses.ts'
import { SEMANTIC_DEFINITION } from '#server/semantic/service.ts'
import { startSemantic } from '#server/semantic/start.ts'
import { eventually, openLoop } from '#server/testing/load.ts'
import { startNativeMesh } from '#server/testing/native-mesh.ts'
import { IDENTITY_HEADER } from '#server/testing/test-control.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { seeded } from '#server/testing/seeded.ts'

const GOALS = { addedMsP50: 5, addedMsP99: 15, repeatedMsP50: 1 }
const PER_SECOND = Number(process.argv[2] ?? 100)
const SECONDS = Number(process.argv[3] ?? 20)
const WORDS = 40
const VOCABULARY = 'please translate this letter into French and check the clauses of our supplier agreement for risk then plan a dinner without nuts or lentils while the invoice is paid by Friday at the latest because the customer in Lisbon waits for an answer about the warranty'.split(' ')

const random = seeded(1)
const task = () => Array.from({ length: WORDS }, () => VOCABULARY[Math.floor(random() * VOCABULARY.length)]).join(' ')
const skilled = (name: string, description: string) => agent(name, { capabilities: [{ id: 'work', description, examples: [description] }] })
const candidates = { candidates: ['translator', 'lawyer', 'cook'].map((name) => ({ name })) }

await using postgres = await ownPostgres()
await using things = new AsyncDisposableStack()
const db = things.use(openDb(postgres.url, 'heddle-bench'))
await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.test')`)
let state: () => MeshState | null = () => null // until there is a control
const authenticate = (call: unknown) => {
  const id = parseSpiffeId(String((call as { metadata: { get(name: string): unknown[] } }).metadata.get(IDENTITY_HEADER)[0])) // what grpc-js hands in is the whole call
  if (!id) throw new Error('nobody')
  return id
}
const semantic = things.use(startSemantic({ db, mesh: 'local', state: () => state(), outside: { allow: ALLOW_NOTHING }, embeddings: { source: '' }, authenticate, onError: (error) => console.error(error.message) }))
const mesh = things.use(await startNativeMesh(db, [{ definition: SEMANTIC_DEFINITION, handlers: semantic.handlers }]))
state = mesh.control.state
await mesh.commit([
  agent('caller'), skilled('translator', 'Translates documents between languages'), skilled('lawyer', 'Reads contracts for legal risks'), skilled('cook', 'Plans meals and writes recipes'),
  agentRoute('spread', candidates), agentRoute('ask', { ...candidates, fallback: { name: 'cook' }, semantic: { floor: -1 } }),
])
const caller = await mesh.addProxy('caller')
for (const name of ['translator', 'lawyer', 'cook']) await mesh.addProxy(name)
const ask = (route: string, text: string) => caller.out.call(`${route}.default.route.mesh`, { method: 'POST', body: JSON.stringify({ task: text }), headers: { 'content-type': 'application/json' } })
for (const route of ['spread', 'ask']) await eventually(`${route} answers`, 60_000, async () => (await ask(route, 'a task')).status === 200)
await eventually('the model decides', 60_000, async () => (await db.pool.query(`select 1 from semantic_decision where outcome = 'chosen'`)).rowCount || ((await ask('ask', task())) && null))

const repeated = task()
const runs = { spread: await run('spread', task), ask: await run('ask', task), repeated: await run('ask', () => repeated) }
const added = (run: Latency, of: 'p50' | 'p99') => Math.round((run[of] - runs.spread[of]) * 100) / 100
report('a decision adds, p50', added(runs.ask, 'p50'), GOALS.addedMsP50)
report('a decision adds, p99', added(runs.ask, 'p99'), GOALS.addedMsP99)
report('a repeated task adds, p50', added(runs.repeated, 'p50'), GOALS.repeatedMsP50)
const { rows: outcomes } = await db.pool.query<{ outcome: string; n: number }>('select outcome, count(*)::int as n from semantic_decision group by 1 order by 1')
console.log(outcomes.map(({ outcome, n }) => `${n} ${outcome}`).join(', '), `; ${semantic.dropped()} decisions not stored`)
await mkdir('bench/results', { recursive: true })
await writeFile('bench/results/semantic-latency.json', `${JSON.stringify({ at: new Date().toISOString(), cpus: cpus().length, perSecond: PER_SECOND, seconds: SECONDS, words: WORDS, goals: GOALS, runs, outcomes }, null, 1)}\n`)

interface Latency {
  calls: number
  failed: number
  p50: number
  p99: number
}

async function run(route: string, text: () => string): Promise<Latency> {
  const load = openLoop(PER_SECOND, () => ask(route, text()))
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
  const results = await load.stop()
  const sorted = results.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100) / 100
  const latency = { calls: results.length, failed: results.filter(({ status }) => status !== 200).length, p50: at(0.5), p99: at(0.99) }
  console.log(`${route}: ${latency.calls} calls, ${latency.failed} failed, p50 ${latency.p50} ms, p99 ${latency.p99} ms`)
  return latency
}

function report(what: string, ms: number, goal: number): void {
  console.log(`${what}   ${ms} ms   goal ${goal} ms: ${ms <= goal ? 'met' : 'missed'}`)
}
