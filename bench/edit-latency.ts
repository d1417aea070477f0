// Edit → accepted, and edit → traffic follows, on real Envoys beside a database of its own: `node bench/edit-latency.ts [edits]`.
// An edit swaps all calls of one agent from one version to the other. Accepted is what a person would see: the revision's status
// in the store. Traffic is what a caller sees: the first answer of the new version after which none of the old one came.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { agent, agentVersion, split } from '#server/compile/fixtures.ts'
import { openDb } from '#server/db/client.ts'
import { listen } from '#server/db/listen.ts'
import { openLoop } from '#server/testing/load.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { startNativeMesh, type NativeMesh } from '#server/testing/native-mesh.ts'

const GOALS = { acceptedMsMedian: 100, trafficMsMedian: 500 }
const EDITS = Number(process.argv[2] ?? 50)
const BETWEEN_EDITS_MS = 250
const CALLS_PER_SECOND = 200

await using postgres = await ownPostgres()
await using things = new AsyncDisposableStack()
const db = things.use(openDb(postgres.url, 'heddle-bench'))
const mesh = things.use(await startNativeMesh(db))

await mesh.commit([agent('caller'), agent('callee'), agentVersion('callee', 'v1'), agentVersion('callee', 'v2'), split('callee', { v1: 1, v2: 0 })])
const caller = await mesh.addProxy('caller')
await mesh.addProxy('callee', { version: 'v1' })
await mesh.addProxy('callee', { version: 'v2' })

let waiting: (() => void)[] = []
things.use(
  listen(db.url, ['proxy'], {
    onNotify: () => {
      for (const resolve of waiting) resolve()
      waiting = []
    },
  }),
)

const samples: { edit: number; acceptedMs: number; trafficMs: number }[] = []
for (let edit = 0; edit < EDITS; edit++) {
  const wanted = edit % 2 === 0 ? 'v2' : 'v1'
  const load = openLoop(CALLS_PER_SECOND, () => caller.out.call('callee.default.mesh'))
  await sleep(100)
  const began = Date.now()
  const revision = await mesh.commit([split('callee', wanted === 'v2' ? { v1: 0, v2: 1 } : { v1: 1, v2: 0 })])
  const acceptedMs = (await acceptedAt(mesh, revision)) - began
  await sleep(BETWEEN_EDITS_MS)
  const results = await load.stop()
  const failed = results.filter((result) => result.status !== 200)
  if (failed.length > 0) throw new Error(`${failed.length} calls failed during edit ${edit}: ${failed[0]?.status} ${failed[0]?.error ?? failed[0]?.body}`)
  const lastOld = Math.max(began, ...results.filter((result) => result.body !== wanted).map((result) => result.startedAt))
  const firstNew = Math.min(...results.filter((result) => result.startedAt > lastOld && result.body === wanted).map((result) => result.startedAt))
  samples.push({ edit, acceptedMs, trafficMs: firstNew - began })
}

const accepted = summary(samples.map((sample) => sample.acceptedMs))
const traffic = summary(samples.map((sample) => sample.trafficMs))
await mkdir('bench/results', { recursive: true })
await writeFile('bench/results/edit-latency.json', `${JSON.stringify({ at: new Date().toISOString(), cpus: cpus().length, edits: EDITS, proxies: 3, goals: GOALS, accepted, traffic, samples }, null, 1)}\n`)
report('edit → accepted by every proxy', accepted, GOALS.acceptedMsMedian)
report('edit → traffic follows', traffic, GOALS.trafficMsMedian)

/** The moment the status says accepted, looked at after each notice of a proxy, as the console does. */
async function acceptedAt(mesh: NativeMesh, revision: number): Promise<number> {
  for (;;) {
    const noticed = nextNotice()
    const status = await mesh.status(revision)
    if (status.state === 'accepted') return Date.now()
    if (status.state !== 'pending') throw new Error(`revision ${revision} is ${status.state}`)
    await noticed
  }
}

function nextNotice(): Promise<void> {
  return new Promise((resolve) => waiting.push(resolve))
}

function summary(values: number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { medianMs: at(0.5), p95Ms: at(0.95), maxMs: at(1) }
}

function report(what: string, { medianMs, p95Ms, maxMs }: ReturnType<typeof summary>, goalMs: number) {
  console.log(`${medianMs <= goalMs ? 'met   ' : 'missed'} ${what}: median ${medianMs} ms (goal ${goalMs} ms), p95 ${p95Ms} ms, max ${maxMs} ms`)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
