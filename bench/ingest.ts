// What a span costs: CPU, time to acknowledgement, memory and disk; raw samples in bench/results.
//   node bench/ingest.ts [--spans 200000] [--shape whole|scattered] [--senders 16] [--rate SPANS_A_SECOND] [--redact none|default|all] [--profile DIRECTORY]
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { BUILT_IN_NAMES } from '#server/contracts/redaction.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { startCollectorProcess, type CollectorProcess } from './collector-process.ts'
import { makeSets, renewed, type PayloadSet } from './ingest-payloads.ts'

const { values: given } = parseArgs({ options: { spans: { type: 'string' }, shape: { type: 'string' }, senders: { type: 'string' }, rate: { type: 'string' }, redact: { type: 'string' }, profile: { type: 'string' } } })
const SPANS = Number(given.spans ?? 200_000)
const SHAPE = given.shape === 'scattered' ? 'scattered' : 'whole'
/** Which of the built-in rules look through what comes; `default` is as a Heddle begins. */
const REDACT = given.redact === 'none' || given.redact === 'all' ? given.redact : 'default'
const SENDERS = Number(given.senders ?? 16)
/** Spans a second; 0 is as fast as they are taken. */
const RATE = Number(given.rate ?? 0)
/** Clock ticks a second in /proc/PID/stat. */
const TICKS = 100
const GOALS: Record<string, number> = { cpuSecondsPerMillionSpans: 8, bytesPerSpan: 150, rssMb: 256, ...(RATE > 0 ? { ackP99Ms: 50 } : {}) }
/** Until what a process runs often is compiled; told apart. */
const SETTLE_MS = 5000
let refused = 0
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))

/** An answered request: when it was sent, since this process began, and how long that took. */
interface Sample {
  atMs: number
  ms: number
}

// Tables with what they keep aside, and indexes, over all days.
const SIZES = `
  select regexp_replace(relname, '_\\d{8}', '') as name, sum(pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0)) as bytes
  from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'telemetry' and relkind in ('r', 'i')
  group by 1 having sum(pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0)) > 200000 order by 2 desc`

const postgres = await ownPostgres()
let collector: CollectorProcess | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(1)))
try {
  const client = new pg.Client({ connectionString: postgres.url })
  client.on('error', () => {}) // said by whoever asks next
  await client.connect()
  await client.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local')`)
  if (REDACT !== 'default') await client.query(`insert into setting (mesh, key, value) values ('local', 'redaction', $1)`, [{ builtIn: Object.fromEntries(BUILT_IN_NAMES.map((name) => [name, REDACT === 'all'])) }])
  collector = await startCollectorProcess(postgres, { profile: given.profile })
  const sets = makeSets(SHAPE)
  const databaseBytes = async () => Number((await client.query<{ bytes: string }>('select sum(bytes) as bytes from telemetry.days()')).rows[0]!.bytes) // an aggregate gives a row
  const bytesBefore = await databaseBytes()
  const cpuBefore = { collector: cpuSeconds(collector.pid), postgres: await postgresCpu() }
  const startedAt = performance.now()
  const samples = await sendAll(sets)
  const seconds = (performance.now() - startedAt) / 1000
  const rssMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${collector.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  await untilFolded(client)
  const cpu = { collector: cpuSeconds(collector.pid) - cpuBefore.collector, postgres: (await postgresCpu()) - cpuBefore.postgres }
  await client.query('checkpoint')
  const { rows } = await client.query<{ spans: string }>('select count(*) as spans from telemetry.span')
  const stored = Number(rows[0]!.spans) // an aggregate gives a row
  const bytesPerSpan = ((await databaseBytes()) - bytesBefore) / stored
  const first = sorted(samples.filter(({ atMs }) => atMs < startedAt + SETTLE_MS))
  const then = sorted(samples.filter(({ atMs }) => atMs >= startedAt + SETTLE_MS))
  const acks = then.length > 0 ? then : first
  const perMillion = 1e6 / stored
  report({ spans: stored, seconds, spansPerSecond: stored / seconds, cpuSecondsPerMillionSpans: (cpu.collector + cpu.postgres) * perMillion, ofItCollector: cpu.collector * perMillion, ofItPostgres: cpu.postgres * perMillion, refused, ackP50Ms: quantile(acks, 0.5), ackP99Ms: quantile(acks, 0.99), ackP99MsFirst5s: quantile(first, 0.99), rssMb, bytesPerSpan })
  await mkdir(RESULTS, { recursive: true })
  await writeFile(join(RESULTS, `ingest-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`), JSON.stringify({ at: new Date().toISOString(), node: process.version, shape: SHAPE, rate: RATE, redact: REDACT, senders: SENDERS, refused, spans: stored, seconds, cpu, rssMb, bytesPerSpan, samples }))
  for (const { name, bytes } of (await client.query<{ name: string; bytes: string }>(SIZES)).rows) console.log(`  ${name.padEnd(34)} ${(Number(bytes) / stored).toFixed(1).padStart(12)} bytes a span`)
  await client.end()
} finally {
  await cleanUp()
}

async function cleanUp(): Promise<void> {
  await collector?.[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
}

/** Sends sets until enough spans were taken; a refused request is sent again, as an exporter does. */
async function sendAll(sets: PayloadSet[]): Promise<Sample[]> {
  const samples: Sample[] = []
  const beganAt = performance.now()
  let begun = 0
  let spans = 0
  await Promise.all(Array.from({ length: SENDERS }, async () => {
    while (spans < SPANS) {
      const set = sets[begun++ % sets.length]! // in bounds
      spans += set.spans
      if (RATE > 0) await sleep(Math.max(0, beganAt + (spans / RATE) * 1000 - performance.now()))
      for (const body of renewed(set)) await send(body, samples)
    }
  }))
  return samples
}

async function send(body: Buffer, samples: Sample[]): Promise<void> {
  for (;;) {
    const startedAt = performance.now()
    const answer = await fetch(collector!.url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array(body) })
    const text = await answer.text()
    samples.push({ atMs: startedAt, ms: performance.now() - startedAt })
    if (answer.status === 200 && text === '') return
    if (answer.status !== 503) throw new Error(`the collector answered ${answer.status} ${text}`)
    refused++
  }
}

/** What was appended is folded away: its cost belongs to the spans. */
async function untilFolded(client: pg.Client): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await client.query('select from telemetry.edge_delta limit 1')).rowCount === 0) return
    await sleep(100)
  }
  throw new Error('the counts were not folded within 20 s')
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** The postmaster, its living backends, and those that have ended. */
async function postgresCpu(): Promise<number> {
  const { pid } = postgres
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return cpuSeconds(pid) + (Number(fields[13]) + Number(fields[14])) / TICKS + children.reduce((sum, child) => sum + cpuSeconds(child), 0)
}

function sorted(samples: readonly Sample[]): number[] {
  return samples.map(({ ms }) => ms).sort((a, b) => a - b)
}

function quantile(sorted: readonly number[], of: number): number {
  return sorted[Math.floor(sorted.length * of)]! // not empty
}

function report(figures: Record<string, number>): void {
  for (const [name, value] of Object.entries(figures)) {
    const goal = GOALS[name]
    console.log(`${name.padEnd(36)} ${value.toFixed(1).padStart(12)}${goal === undefined ? '' : `   goal ≤ ${goal}: ${value <= goal ? 'met' : 'missed'}`}`)
  }
}
