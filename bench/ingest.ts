// What a span costs: CPU, time to acknowledgement, memory and disk. `node bench/ingest.ts [spans]`; raw samples in bench/results.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { migrate } from '#server/db/migrate.ts'
import { startPostgres } from '#server/run/postgres.ts'
import { attributesOf, freshSpan, protobufOf, requestOf, type TestSpan } from '#server/testing/collector.ts'
import { freePort } from '#server/testing/free-port.ts'

const SPANS = Number(process.argv[2] ?? 200_000)
const PER_REQUEST = 500
const SENDERS = Number(process.argv[3] ?? 4)
/** Clock ticks a second in /proc/PID/stat. */
const TICKS = 100
const GOALS = { cpuSecondsPerMillionSpans: 8, bytesPerSpan: 150, ackP99Ms: 500, rssMb: 400 }
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))

// Tables with what they keep aside, and indexes, over all days.
const SIZES = `
  select regexp_replace(relname, '_\\d{8}', '') as name, sum(pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0)) as bytes
  from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'telemetry' and relkind in ('r', 'i')
  group by 1 having sum(pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0)) > 200000 order by 2 desc`

const directory = await mkdtemp(join(tmpdir(), 'heddle-bench-'))
await chmod(directory, 0o711)
const postgres = await startPostgres({ dataDir: join(directory, 'pg'), port: await freePort(), password: 'bench' })
const httpPort = await freePort()
let collector: ReturnType<typeof startCollectorProcess> | undefined
try {
  await migrate(postgres.url)
  const client = new pg.Client({ connectionString: postgres.url })
  client.on('error', () => {}) // said by whoever asks next
  await client.connect()
  await client.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local')`)
  collector = startCollectorProcess(await freePort())
  await untilTaking()
  const pool = Array.from({ length: 40 }, makeRequest)
  const databaseBytes = async () => Number((await client.query<{ bytes: string }>('select sum(bytes) as bytes from telemetry.days()')).rows[0]!.bytes) // an aggregate gives a row
  const bytesBefore = await databaseBytes()
  const cpuBefore = { collector: cpuSeconds(collector.pid!), postgres: await postgresCpu() } // it has started
  const startedAt = performance.now()
  const samples = await sendAll(pool)
  const seconds = (performance.now() - startedAt) / 1000
  const rssMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${collector.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  await untilFolded(client)
  const cpu = { collector: cpuSeconds(collector.pid!) - cpuBefore.collector, postgres: (await postgresCpu()) - cpuBefore.postgres } // as above
  await client.query('checkpoint')
  const { rows } = await client.query<{ spans: string }>('select count(*) as spans from telemetry.span')
  const stored = Number(rows[0]!.spans) // an aggregate gives a row
  const bytesPerSpan = ((await databaseBytes()) - bytesBefore) / stored
  const acks = samples.map((sample) => sample.ms).sort((a, b) => a - b)
  const ackP99Ms = acks[Math.floor(acks.length * 0.99)]!  // not empty
  const perMillion = 1e6 / stored
  report({ spans: stored, seconds, spansPerSecond: stored / seconds, cpuSecondsPerMillionSpans: cpu.collector * perMillion, postgresCpuSecondsPerMillionSpans: cpu.postgres * perMillion, ackP50Ms: acks[Math.floor(acks.length / 2)]!, ackP99Ms, rssMb, bytesPerSpan }) // not empty
  await mkdir(RESULTS, { recursive: true })
  await writeFile(join(RESULTS, `ingest-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`), JSON.stringify({ at: new Date().toISOString(), node: process.version, perRequest: PER_REQUEST, senders: SENDERS, spans: stored, seconds, cpu, rssMb, bytesPerSpan, samples }))
  for (const { name, bytes } of (await client.query<{ name: string; bytes: string }>(SIZES)).rows) console.log(`  ${name.padEnd(34)} ${(Number(bytes) / stored).toFixed(1).padStart(12)} bytes a span`)
  await client.end()
} finally {
  await stopped(collector)
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
}

function startCollectorProcess(grpcPort: number) {
  return spawn(process.execPath, [...(process.env['HEDDLE_BENCH_PROFILE'] ? ['--cpu-prof', `--cpu-prof-dir=${process.env['HEDDLE_BENCH_PROFILE']}`] : []), fileURLToPath(new URL('../collectors/main.ts', import.meta.url)), '--role', 'collector'], {
    env: { ...process.env, HEDDLE_HOME: join(directory, 'home'), DATABASE_URL: postgres.url, HEDDLE_OTLP_HTTP_PORT: String(httpPort), HEDDLE_OTLP_GRPC_PORT: String(grpcPort), HEDDLE_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

interface Request {
  body: Buffer
  /** Where trace ids stand. */
  traceIdsAt: number[]
}

/** Traces of ten spans over five services, with the attributes that HTTP and GenAI instrumentations write. */
function makeRequest(): Request {
  const services = ['gateway', 'orchestrator', 'researcher', 'writer', 'translator']
  const byService = new Map<string, TestSpan[]>(services.map((service) => [service, []]))
  for (let trace = 0; trace < PER_REQUEST / 10; trace++) {
    const traceId = randomBytes(16).toString('hex')
    let parent: TestSpan | undefined
    let startUs = Date.now() * 1000 - Math.floor(Math.random() * 5e6)
    for (let index = 0; index < 10; index++) {
      const server = index % 2 === 0
      const span = freshSpan({
        traceId,
        kind: server ? 2 : 3,
        name: server ? 'POST /' : 'chat sample-model',
        parentSpanId: parent?.spanId,
        startTimeUnixNano: `${(startUs += 1 + Math.floor(Math.random() * 20_000))}${Math.floor(100 + Math.random() * 900)}`,
        endTimeUnixNano: `${startUs + 300 + Math.floor(Math.random() * 200_000)}000`,
        attributes: attributesOf({
          'http.request.method': 'POST', 'url.path': '/v1/message', 'server.address': 'translator.default.mesh', 'http.response.status_code': 200, 'network.protocol.version': '1.1',
          ...(server ? { 'http.route': '/' } : { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'sample-model', 'gen_ai.usage.input_tokens': 120 + index, 'gen_ai.usage.output_tokens': 40 + trace }),
          'request.id': randomBytes(8).toString('hex'),
        }),
      })
      byService.get(services[Math.floor(index / 2)]!)!.push(span) // five services, ten spans
      parent = span
    }
  }
  const resourceSpans = [...byService].flatMap(([service, spans]) => JSON.parse(requestOf(spans, { 'service.name': service, 'service.namespace': 'default', 'service.version': 'v1', 'telemetry.sdk.language': 'nodejs' })).resourceSpans)
  const body = protobufOf(JSON.stringify({ resourceSpans }))

  const traceIds = new Set(byService.get('gateway')!.map((span) => span.traceId)) // made above
  const traceIdsAt: number[] = []
  for (const traceId of traceIds) for (let id = Buffer.from(traceId, 'hex'), at = body.indexOf(id); at >= 0; at = body.indexOf(id, at + 16)) traceIdsAt.push(at)
  return { body, traceIdsAt }
}

/** The same shape with trace ids of its own. */
function renewed({ body, traceIdsAt }: Request): Buffer {
  const copy = Buffer.from(body)
  const salt = randomBytes(8)
  for (const at of traceIdsAt) for (let index = 0; index < 8; index++) copy[at + index]! ^= salt[index]! // within the id
  return copy
}

async function sendAll(pool: Request[]): Promise<{ ms: number }[]> {
  const samples: { ms: number }[] = []
  let left = Math.ceil(SPANS / PER_REQUEST)
  await Promise.all(Array.from({ length: SENDERS }, async () => {
    while (left-- > 0) {
      const body = renewed(pool[left % pool.length]!) // within the pool
      const startedAt = performance.now()
      const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array(body) })
      const text = await answer.text()
      if (answer.status === 503) left++
      else if (answer.status !== 200 || text !== '') throw new Error(`the collector answered ${answer.status} ${text}`)
      samples.push({ ms: performance.now() - startedAt })
    }
  }))
  return samples
}

async function untilTaking(): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await fetch(`http://127.0.0.1:${httpPort}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((answer) => answer.ok, () => false)) return
    await sleep(100)
  }
  throw new Error('the collector did not start')
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
  const pid = postgres.process.pid! // it has started
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return cpuSeconds(pid) + (Number(fields[13]) + Number(fields[14])) / TICKS + children.reduce((sum, child) => sum + cpuSeconds(child), 0)
}

function report(figures: Record<string, number>): void {
  for (const [name, value] of Object.entries(figures)) {
    const goal = (GOALS as Record<string, number>)[name]
    console.log(`${name.padEnd(36)} ${value.toFixed(1).padStart(12)}${goal === undefined ? '' : `   goal ≤ ${goal}: ${value <= goal ? 'met' : 'missed'}`}`)
  }
}

async function stopped(child: ReturnType<typeof startCollectorProcess> | undefined): Promise<void> {
  if (!child || child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await ended
}
