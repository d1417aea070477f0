// What two sidecars cost a call, on a whole Heddle: `node bench/two-sidecars.ts [seconds a run] [rates, such as 100,200,500]`.
// The same client calls the same agent directly (its Unix socket) and by both sidecars: mutual TLS, an AuthorizationPolicy and a TrafficPolicy
// of the callee, a span and counters of each proxy stored by the collector. Client, agent, both Envoys, control, collector and PostgreSQL share
// the machine. The two ways take turns, so that what else the machine does falls on both.
import { mkdir, writeFile } from 'node:fs/promises'
import { Agent, request, type RequestOptions } from 'node:http'
import { cpus, loadavg } from 'node:os'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import { startHeddle } from '#server/testing/heddle.ts'
import { eventually } from '#server/testing/load.ts'
import { meshOf, onlyCallers } from '#server/testing/mesh.ts'

const GOALS = { addedMsP50: 2, addedMsP99: 10 }
const SECONDS = Number(process.argv[2] ?? 15)
const RATES = (process.argv[3] ?? '100,200,500').split(',').map(Number)
const ROUNDS = 3
/** Pools, certificates and compiled code are warm then. */
const WARM_SECONDS = 3
const HOST = 'callee.default.mesh'
const CONNECTIONS = 64

await using heddle = await startHeddle()
const mesh = meshOf(heddle)
await using callee = await mesh.join({ name: 'callee' })
await using caller = await mesh.join({ name: 'caller' })
await mesh.write(onlyCallers('callee', ['caller']))
await mesh.accepted(
  await mesh.write({ apiVersion: HEDDLE_API, kind: 'TrafficPolicy', metadata: { name: 'callee' }, spec: { targetRefs: [{ name: 'callee' }], outlierDetection: { consecutive5xx: 5, interval: '10s', baseEjectionTime: '30s', maxEjectionPercent: 50 }, rateLimit: { requests: 100_000, per: '1s', perCaller: true } } }),
  60_000,
)

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
const ways = { direct: { socketPath: callee.socket }, sidecars: { host: '127.0.0.1', port: caller.outboundPort } } as const
type Way = keyof typeof ways

await eventually('a call by both sidecars', 60_000, async () => (await call(ways.sidecars)).status === 200)
for (const way of ['direct', 'sidecars'] as const) await run(way, Math.max(...RATES), WARM_SECONDS)

const results: { rate: number; direct: Latency; sidecars: Latency; added: Omit<Latency, 'calls'>; failed: number }[] = []
for (const rate of RATES) {
  const samples: Record<Way, number[]> = { direct: [], sidecars: [] }
  let failed = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ['direct', 'sidecars'] as const) {
      const { took, lost } = await run(way, rate, SECONDS / ROUNDS)
      samples[way].push(...took)
      failed += lost
    }
  }
  const [direct, sidecars] = [describe(samples.direct), describe(samples.sidecars)]
  const added = { p50: round2(sidecars.p50 - direct.p50), p99: round2(sidecars.p99 - direct.p99) }
  results.push({ rate, direct, sidecars, added, failed })
  console.log(`${rate}/s: direct p50 ${direct.p50} p99 ${direct.p99} ms, two sidecars p50 ${sidecars.p50} p99 ${sidecars.p99} ms, added ${added.p50} and ${added.p99} ms; ${sidecars.calls} calls each way, ${failed} failed`)
}
agent.destroy()

const worst = (of: 'p50' | 'p99') => Math.max(...results.map(({ added }) => added[of]))
for (const [of, goal] of [['p50', GOALS.addedMsP50], ['p99', GOALS.addedMsP99]] as const) console.log(`two sidecars add ${worst(of)} ms at most at ${of}; goal ${goal} ms: ${worst(of) <= goal ? 'met' : 'missed'}`)
console.log(`load average ${loadavg().map((one) => one.toFixed(1)).join(' ')} on ${cpus().length} cores`)
await mkdir('bench/results', { recursive: true })
await writeFile('bench/results/two-sidecars.json', `${JSON.stringify({ at: new Date().toISOString(), cpus: cpus().length, load: loadavg(), seconds: SECONDS, rounds: ROUNDS, goals: GOALS, results }, null, 1)}\n`)

/** An open loop: a call is sent when it is due, whatever became of those before it, and its time counts from then. */
async function run(way: Way, rate: number, seconds: number): Promise<{ took: number[]; lost: number }> {
  const began = performance.now()
  const underWay: Promise<{ status: number; at: number }>[] = []
  const due: number[] = []
  const total = Math.floor(rate * seconds)
  while (underWay.length < total) {
    const until = ((performance.now() - began) / 1000) * rate
    while (underWay.length < Math.min(until, total)) {
      due.push(performance.now())
      underWay.push(call(ways[way]))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const answers = await Promise.all(underWay)
  const good = answers.flatMap(({ status, at }, index) => (status === 200 ? [at - (due[index] ?? at)] : []))
  return { took: good, lost: answers.length - good.length }
}

function call(to: RequestOptions): Promise<{ status: number; at: number }> {
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ status, at: performance.now() })
    request({ ...to, agent, path: '/work', headers: { host: HOST } }, (response) => {
      response.resume()
      response.on('end', () => done(response.statusCode ?? 0))
      response.on('error', () => done(0))
    })
      .on('error', () => done(0))
      .end()
  })
}

interface Latency {
  calls: number
  p50: number
  p99: number
}

function describe(took: readonly number[]): Latency {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number) => round2(sorted[Math.floor(sorted.length * share)] ?? 0)
  return { calls: took.length, p50: at(0.5), p99: at(0.99) }
}

function round2(ms: number): number {
  return Math.round(ms * 100) / 100
}
