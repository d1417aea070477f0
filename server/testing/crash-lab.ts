// A collector process and a PostgreSQL of their own, to be killed under load; every acknowledged span is remembered.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { migrate } from '#server/db/migrate.ts'
import { argsOf } from '#server/run/programs.ts'
import { startPostgres, type EmbeddedPostgres } from '#server/run/postgres.ts'
import { freePort } from '#server/testing/free-port.ts'
import { freshSpan, requestOf } from './spans.ts'

const SENDERS = 4

export interface Answered {
  status: number
  retryAfter: string | null
  tookMs: number
}

export type Victim = 'collector' | 'postgres' | 'both'

export async function startCrashLab() {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-crash-'))
  await chmod(directory, 0o711)
  const [databasePort, httpPort, grpcPort] = [await freePort(), await freePort(), await freePort()]
  const openPostgres = () => startPostgres({ dataDir: join(directory, 'pg'), port: databasePort, password: 'test', settings: { shared_buffers: '64MB' } })
  let postgres = await openPostgres()
  await migrate(postgres.url)
  await query(postgres.url, `insert into mesh (name, trust_domain) values ('local', 'mesh.local')`)
  let collector = await openCollector()
  const acknowledged: string[] = []

  async function openCollector(): Promise<ChildProcess> {
    const child = spawn(process.execPath, argsOf('collector'), {
      env: { ...process.env, HEDDLE_HOME: join(directory, 'home'), DATABASE_URL: postgres.url, HEDDLE_OTLP_HTTP_PORT: String(httpPort), HEDDLE_OTLP_GRPC_PORT: String(grpcPort), HEDDLE_LOG_LEVEL: 'error' },
      stdio: 'ignore',
    })
    await until(async () => (await fetch(`http://127.0.0.1:${httpPort}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).ok)
    return child
  }

  /** One request with a call between two services; what was acknowledged is remembered. */
  async function send(): Promise<Answered> {
    const traceId = randomBytes(16).toString('hex')
    const caller = freshSpan({ traceId, kind: 3 })
    const spans = [caller, freshSpan({ traceId, kind: 2, parentSpanId: caller.spanId })]
    const body = JSON.stringify({ resourceSpans: spans.flatMap((span, index) => JSON.parse(requestOf([span], { 'service.name': index === 0 ? 'alpha' : 'beta' })).resourceSpans) })
    const startedAt = Date.now()
    try {
      const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(20_000) })
      await answer.arrayBuffer()
      if (answer.ok) acknowledged.push(...spans.map((span) => span.spanId))
      return { status: answer.status, retryAfter: answer.headers.get('retry-after'), tookMs: Date.now() - startedAt }
    } catch {
      await sleep(20)
      return { status: 0, retryAfter: null, tookMs: Date.now() - startedAt }
    }
  }

  async function loadFor(ms: number): Promise<Answered[]> {
    const endMs = Date.now() + ms
    const answers: Answered[] = []
    await Promise.all(Array.from({ length: SENDERS }, async () => {
      while (Date.now() < endMs) answers.push(await send())
    }))
    return answers
  }

  return {
    loadFor,
    url: `http://127.0.0.1:${httpPort}/v1/traces`,
    async loadUntilAccepted(ms: number): Promise<Answered> {
      const endMs = Date.now() + ms
      for (;;) {
        const answer = await send()
        if (answer.status === 200 || Date.now() > endMs) return answer
        await sleep(100)
      }
    },
    /** In the middle of requests that are under way. */
    async kill(victim: Victim): Promise<void> {
      const inFlight = Array.from({ length: SENDERS * 4 }, send)
      await sleep(5 + Math.random() * 60)
      if (victim !== 'collector') await killNow(postgres.process)
      if (victim !== 'postgres') await killNow(collector)
      await Promise.all(inFlight)
    },
    async revive(): Promise<void> {
      if (hasEnded(postgres.process)) postgres = await untilStarted(openPostgres)
      if (hasEnded(collector)) collector = await openCollector()
      await until(async () => (await send()).status === 200)
    },
    freezePostgres: () => signalAll(postgres.process, 'SIGSTOP'),
    thawPostgres: () => signalAll(postgres.process, 'SIGCONT'),
    /** As a standby is, or a managed PostgreSQL whose disk is nearly full; of transactions that begin from now on. */
    async setReadOnly(on: boolean): Promise<void> {
      await query(postgres.url, `alter system set default_transaction_read_only = ${on ? 'on' : 'off'}`)
      await query(postgres.url, 'select pg_reload_conf()')
      await sleep(200)
    },
    collectorRssBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${collector.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    async verify(): Promise<{ acknowledged: number; missing: string[]; countedTwice: number }> {
      const rows = await query<{ id: string }>(postgres.url, `select lpad(to_hex(span_id), 16, '0') as id from telemetry.span`)
      const stored = new Set(rows.map((row) => row.id))
      const [counts] = await query<{ counted: string; calls: string }>(
        postgres.url,
        `select (select coalesce(sum(requests), 0) from telemetry.edge_count where resolution = 10) as counted, (select count(distinct span_id) from telemetry.spans where kind = 'server') as calls`,
      )
      return { acknowledged: acknowledged.length, missing: acknowledged.filter((id) => !stored.has(id)), countedTwice: Number(counted(counts).counted) - Number(counted(counts).calls) }
    },
    async [Symbol.asyncDispose]() {
      await killNow(collector)
      signalAll(postgres.process, 'SIGCONT')
      await postgres.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function counted<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('a query with one row gave none')
  return row
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

async function killNow(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** A postmaster and its backends: stopping the postmaster alone leaves them at work. */
function signalAll(postmaster: ChildProcess, signal: NodeJS.Signals): void {
  if (hasEnded(postmaster)) return
  const pid = postmaster.pid!  // started
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  for (const each of [pid, ...children]) {
    try {
      process.kill(each, signal)
    } catch {
      // a backend that ended meanwhile
    }
  }
}

/** A killed PostgreSQL starts again once its backends have noticed. */
async function untilStarted(start: () => Promise<EmbeddedPostgres>): Promise<EmbeddedPostgres> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === 20) throw error
      await sleep(250)
    }
  }
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await check().catch(() => false)) return
    await sleep(100)
  }
  throw new Error('it did not come about within 30 s')
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}
