// From counted calls to a message: a real store, a real webhook, a real mail server.
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { expect, test } from 'vitest'
import { HEDDLE_API } from '../contracts/meta.ts'
import { Objective, type AlertMessage, type Receivers } from '../contracts/objective.ts'
import { writeReceivers } from '../db/receivers.ts'
import type { Db } from '../db/client.ts'
import { inTransaction } from '../db/pool.ts'
import { parseAllowList } from '../fetch/addresses.ts'
import { packSketch, sketchIndex } from '../otlp/sketch.ts'
import { startTestCollector, type Lab } from '../testing/collector.ts'
import { testDatabase } from '../testing/database.ts'
import { serve } from '../testing/serve.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '../testing/spans.ts'
import { countCalls } from './counts.ts'
import { deliverAlerts, tell, type Teller } from './deliver.ts'
import { evaluateObjectives } from './evaluate.ts'
import { openMail } from './mail.ts'

const MESH = 'local'
const outside = { allow: parseAllowList('127.0.0.1') }
const teller: Teller = { outside, mail: null, publicUrl: 'http://heddle.example' }
const objective = (spec: object = {}, name = 'answers') => Objective.parse({ apiVersion: HEDDLE_API, kind: 'Objective', metadata: { name }, spec: { targetRef: { name: 'loom' }, indicator: { type: 'Success' }, percent: 99, notify: ['desk'], ...spec } })

interface Calls {
  source?: string
  evidence?: 0 | 1
  minutesAgo: number
  requests: number
  errors?: number
  /** Milliseconds of each call. */
  tookMs?: number
}

/** As a collector counts them in the commit that stores their spans. */
async function count(db: Db, { source = 'reed', evidence = 0, minutesAgo, requests, errors = 0, tookMs = 10 }: Calls): Promise<void> {
  const { rows } = await db.pool.query<{ id: number }>(
    `insert into telemetry.edge (mesh, source, source_version, target, target_version, protocol) values ($1, $2, 'v1', 'agent/default/loom', 'v1', 'http')
     on conflict (mesh, source, source_version, target, target_version, protocol) do update set mesh = $1 returning id`,
    [MESH, `agent/default/${source}`],
  )
  await db.pool.query(
    `insert into telemetry.edge_delta (bucket, evidence, edge_id, requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency)
     values (now() - make_interval(mins => $1), $2, $3, $4, $5, 0, 0, 0, 0, 0, 0, 0, 0, $6)`,
    [minutesAgo, evidence, rows[0]?.id, requests, errors, packSketch(new Map([[sketchIndex(tookMs * 1000), requests]]))],
  )
}

async function storeOf(receivers: Receivers['items'] = []): Promise<Db> {
  const db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.local')`, [MESH])
  await inTransaction(db.pool, (client) => writeReceivers(client, MESH, { items: receivers }))
  return db
}

const alertsOf = async (db: Db) => (await db.pool.query<{ id: string; speed: string; ended: boolean }>('select id, speed, ended_at is not null as ended from alert order by started_at, id')).rows
const stateOf = async (db: Db) => (await db.pool.query<{ state: string; calls: number; good: number; budget_left: number | null; cost: object | null }>('select state, calls, good, budget_left, cost from objective_state')).rows[0]

/** A webhook that takes or refuses what it hears. */
async function desk() {
  const heard: AlertMessage[] = []
  const state = { status: 204 }
  const served = await serve(async (request, response) => {
    heard.push(JSON.parse(Buffer.concat(await request.toArray()).toString('utf8')) as AlertMessage)
    response.writeHead(state.status).end()
  })
  return { heard, state, url: served.url, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
}

test('calls are counted once over each time, by the mesh where it saw the edge, and for one caller alone', async () => {
  await using db = await storeOf()
  await count(db, { minutesAgo: 1, requests: 100, errors: 3 })
  await count(db, { minutesAgo: 1, requests: 70, errors: 70, evidence: 1 }) // the same calls, as spans tell them
  await count(db, { minutesAgo: 45, requests: 50, errors: 5, source: 'shuttle', evidence: 1 })
  const counts = await countCalls(db, MESH, 'default', objective().spec)
  expect(counts).toMatchObject({ '5m': { calls: 100, good: 97 }, '30m': { calls: 100, good: 97 }, '1h': { calls: 150, good: 142 }, window: { calls: 150, good: 142 } })
  expect(await countCalls(db, MESH, 'default', objective({ from: { name: 'shuttle' } }).spec)).toMatchObject({ '5m': { calls: 0 }, '1h': { calls: 50, good: 45 } })
  expect(await countCalls(db, MESH, 'other', objective().spec)).toMatchObject({ window: { calls: 0, good: 0 } })
})

test('a latency objective counts the calls that took at most so long', async () => {
  await using db = await storeOf()
  await count(db, { minutesAgo: 1, requests: 90, tookMs: 150 })
  await count(db, { minutesAgo: 2, requests: 10, tookMs: 900 })
  const within = async (withinMs: number) => (await countCalls(db, MESH, 'default', objective({ indicator: { type: 'Latency', withinMs } }).spec))['5m']
  expect(await within(100)).toEqual({ calls: 100, good: 0 })
  expect(await within(200)).toEqual({ calls: 100, good: 90 })
  expect(await within(1000)).toEqual({ calls: 100, good: 100 })
})

test('an alert begins, is told once, goes on quietly, ends and is told again', async () => {
  await using webhook = await desk()
  await using db = await storeOf([{ name: 'desk', type: 'webhook', url: webhook.url }])
  const look = async () => {
    await evaluateObjectives(db, MESH, [objective()])
    await deliverAlerts(db, MESH, teller)
  }
  await look()
  expect(await stateOf(db)).toMatchObject({ state: 'no data', calls: 0 })
  await count(db, { minutesAgo: 1, requests: 100, errors: 20 })
  await look()
  await look()
  expect(await stateOf(db)).toMatchObject({ state: 'burning', calls: 100, good: 80 })
  expect(await alertsOf(db)).toMatchObject([{ speed: 'fast', ended: false }])
  expect(webhook.heard).toMatchObject([{ event: 'began', mesh: MESH, objective: 'default/answers', speed: 'fast', endedAt: null, url: 'http://heddle.example/objectives/default/answers' }])
  await count(db, { minutesAgo: 0, requests: 100_000 })
  await look()
  expect(await alertsOf(db)).toMatchObject([{ ended: true }])
  expect(webhook.heard.map(({ id, event }) => [id, event])).toEqual([[webhook.heard[0]?.id, 'began'], [webhook.heard[0]?.id, 'ended']])
  expect(await stateOf(db)).toMatchObject({ state: 'met' })
})

test('a receiver that refuses is asked again; what ended before it was told is told to nobody', async () => {
  await using webhook = await desk()
  webhook.state.status = 500
  await using db = await storeOf([{ name: 'desk', type: 'webhook', url: webhook.url }])
  await count(db, { minutesAgo: 1, requests: 100, errors: 20 })
  await evaluateObjectives(db, MESH, [objective()])
  await deliverAlerts(db, MESH, teller)
  await deliverAlerts(db, MESH, teller)
  expect(webhook.heard).toHaveLength(1) // the second comes after a while
  expect((await db.pool.query('select state, attempts, error from alert_delivery')).rows).toEqual([{ state: 'waiting', attempts: 1, error: 'the webhook answered 500' }])
  await db.pool.query('update alert_delivery set next_at = now()')
  await deliverAlerts(db, MESH, teller)
  expect(webhook.heard).toHaveLength(2)
  await count(db, { minutesAgo: 0, requests: 100_000 })
  await evaluateObjectives(db, MESH, [objective()])
  await db.pool.query('update alert_delivery set next_at = now()')
  await deliverAlerts(db, MESH, teller)
  expect(webhook.heard).toHaveLength(2)
})

test('after ten refusals a receiver is given up, and it is said', async () => {
  await using db = await storeOf()
  await count(db, { minutesAgo: 1, requests: 100, errors: 20 })
  await evaluateObjectives(db, MESH, [objective({ notify: ['gone'] })])
  for (let attempt = 0; attempt < 12; attempt++) {
    await deliverAlerts(db, MESH, teller)
    await db.pool.query('update alert_delivery set next_at = now()')
  }
  expect((await db.pool.query('select state, attempts, error from alert_delivery')).rows).toEqual([{ state: 'failed', attempts: 10, error: 'there is no receiver “gone” any more' }])
})

test('what is silenced is told when the silence is over and it still burns', async () => {
  await using webhook = await desk()
  await using db = await storeOf([{ name: 'desk', type: 'webhook', url: webhook.url }])
  await db.pool.query(`insert into silence (id, mesh, namespace, objective, until, by) values ('s', $1, 'default', null, now() + interval '1 hour', 'ann')`, [MESH])
  await count(db, { minutesAgo: 1, requests: 100, errors: 20 })
  const look = async () => {
    await evaluateObjectives(db, MESH, [objective()])
    await deliverAlerts(db, MESH, teller)
  }
  await look()
  expect(await alertsOf(db)).toHaveLength(1)
  expect(webhook.heard).toEqual([])
  await db.pool.query('update silence set until = now()')
  await look()
  expect(webhook.heard).toMatchObject([{ event: 'began' }])
})

/** One task: reed asks, loom answers with how it ended and says which model it asked for how many tokens. */
function taskOf(state: string, { tokens = 1000, model = 'warp-1' } = {}) {
  const asks = freshSpan({ kind: 3, name: 'SendMessage', attributes: attributesOf({ 'a2a.method.name': 'SendMessage', 'server.address': 'loom.default.mesh' }) })
  const answers = freshSpan({ traceId: asks.traceId, parentSpanId: asks.spanId, kind: 2, name: 'SendMessage', attributes: attributesOf({ 'a2a.method.name': 'SendMessage', 'a2a.task.state': state }) })
  const chats = freshSpan({ traceId: asks.traceId, parentSpanId: answers.spanId, kind: 3, name: 'chat', attributes: attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': model, 'gen_ai.usage.input_tokens': tokens }) })
  return { reed: [asks], loom: [answers, chats] }
}

async function ingest(lab: Lab, service: string, spans: readonly TestSpan[]): Promise<void> {
  expect((await postOtlp(`${lab.http}/v1/traces`, requestOf([...spans], { 'service.name': service }))).status).toBe(200)
}

test('an objective on how tasks end follows the spans that come in: late, twice, and looked up again', async () => {
  await using webhook = await desk()
  await using lab = await startTestCollector()
  await inTransaction(lab.db.pool, (client) => writeReceivers(client, MESH, { items: [{ name: 'desk', type: 'webhook', url: webhook.url }] }))
  const all = objective({ indicator: { type: 'TaskOutcome' }, percent: 90 })
  const ofReed = objective({ indicator: { type: 'TaskOutcome' }, percent: 90, from: { name: 'reed' } }, 'for-reed')
  const counted = async (one = all) => (await countCalls(lab.db, MESH, 'default', one.spec))['1h']
  expect(await counted()).toEqual({ calls: 0, good: 0 })
  const good = Array.from({ length: 6 }, () => taskOf('TASK_STATE_COMPLETED'))
  const bad = Array.from({ length: 5 }, () => taskOf('failed'))
  const tasks = [...good, ...bad, taskOf('TASK_STATE_CANCELED'), taskOf('working')]
  await ingest(lab, 'loom', tasks.flatMap(({ loom }) => loom))
  expect(await counted()).toEqual({ calls: 11, good: 6 })
  expect(await counted(ofReed)).toEqual({ calls: 0, good: 0 }) // no span says yet who asked
  for (let times = 0; times < 2; times++) await ingest(lab, 'reed', tasks.flatMap(({ reed }) => reed))
  await ingest(lab, 'loom', bad.flatMap(({ loom }) => loom))
  await ingest(lab, 'loom', [freshSpan({ kind: 2, name: 'GetTask', attributes: attributesOf({ 'a2a.method.name': 'GetTask', 'a2a.task.state': 'failed' }) })])
  expect(await counted()).toEqual({ calls: 11, good: 6 })
  expect(await counted(ofReed)).toEqual({ calls: 11, good: 6 })
  await evaluateObjectives(lab.db, MESH, [all])
  await deliverAlerts(lab.db, MESH, teller)
  expect(await stateOf(lab.db)).toMatchObject({ state: 'burning', calls: 11, good: 6, cost: null })
  expect(webhook.heard).toMatchObject([{ event: 'began', speed: 'fast' }])
  const { rows } = await lab.db.pool.query('select caller, agent, sum(ended)::int as ended, sum(failed)::int as failed from telemetry.tasks where seconds = 3600 group by 1, 2 having sum(ended) <> 0')
  expect(rows).toEqual([{ caller: 'agent/default/reed', agent: 'agent/default/loom', ended: 11, failed: 5 }])
})

test('an objective on cost follows prices and tokens; without a price there is no data', async () => {
  await using lab = await startTestCollector()
  const perCall = (atMost: number, more: object = {}) => objective({ percent: undefined, indicator: { type: 'Cost', atMost, per: 'call' }, ...more })
  const look = async (one: Objective) => {
    await evaluateObjectives(lab.db, MESH, [one])
    return stateOf(lab.db)
  }
  const tasks = Array.from({ length: 10 }, () => taskOf('completed', { tokens: 2000 })) // 10 calls, 20,000 tokens
  await ingest(lab, 'reed', tasks.flatMap(({ reed }) => reed))
  await ingest(lab, 'loom', [...tasks.flatMap(({ loom }) => loom), ...taskOf('completed', { model: 'nobody-knows', tokens: 70 }).loom])
  expect(await look(perCall(1))).toMatchObject({ state: 'no data', budget_left: null, cost: { spent: 0, unpricedTokens: 20_070, currency: 'USD' } })
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ($1, 'prices', $2)`, [MESH, { currency: 'EUR', models: { 'warp-*': { input: 50, output: 1 }, warp: { input: 9, output: 9 } } }])
  const allowed = { spent: expect.closeTo(1), unpricedTokens: 70, currency: 'EUR', allowed: expect.closeTo(2) } as object
  expect(await look(perCall(0.2))).toMatchObject({ state: 'met', calls: 10, budget_left: expect.closeTo(0.5), cost: allowed })
  expect(await look(perCall(0.2, { from: { name: 'reed' } }))).toMatchObject({ state: 'met', calls: 10, cost: { spent: expect.closeTo(1), unpricedTokens: 0 } })
  expect(await look(perCall(0.2, { from: { name: 'shuttle' } }))).toMatchObject({ state: 'no data', calls: 0 })
  expect(await look(perCall(0.01))).toMatchObject({ state: 'burning', budget_left: 0 })
  expect(await alertsOf(lab.db)).toMatchObject([{ speed: 'fast', ended: false }])
  expect(await look(objective({ percent: undefined, indicator: { type: 'Cost', atMost: 1, per: 'hour' } }))).toMatchObject({ calls: 11, budget_left: expect.closeTo(1 - 1 / 168), cost: { allowed: 168 } })
})

test('an objective that is deleted ends its alert and is forgotten', async () => {
  await using db = await storeOf()
  await count(db, { minutesAgo: 1, requests: 100, errors: 20 })
  await evaluateObjectives(db, MESH, [objective(), objective({ from: { name: 'reed' } }, 'for-reed')])
  expect(await alertsOf(db)).toMatchObject([{ ended: false }, { ended: false }])
  await evaluateObjectives(db, MESH, [])
  expect(await alertsOf(db)).toMatchObject([{ ended: true }, { ended: true }])
  expect(await stateOf(db)).toBeUndefined()
})

test('mail goes out as plain text, in one conversation an alert', async () => {
  const letters: string[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, _, done) {
      void stream.toArray().then((chunks: Buffer[]) => (letters.push(Buffer.concat(chunks).toString('utf8')), done()))
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  using mail = openMail({ url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, from: 'heddle@example.com' })
  const message: AlertMessage = { id: 'a1', event: 'began', mesh: MESH, objective: 'default/answers', summary: 'default/answers\r\nBcc: all@example.com', speed: 'fast', startedAt: '2026-11-22T10:00:00.000Z', endedAt: null, url: 'http://heddle.example/objectives/default/answers' }
  try {
    await tell({ ...teller, mail }, { name: 'ops', type: 'email', to: ['ann@example.com'] }, 'ops', message)
    await tell({ ...teller, mail }, { name: 'ops', type: 'email', to: ['ann@example.com'] }, 'ops', { ...message, event: 'ended', endedAt: '2026-11-22T10:30:00.000Z' })
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  expect(letters).toHaveLength(2)
  expect(letters[0]).toContain('Message-ID: <a1.began@heddle>')
  expect(letters[0]).toContain('http://heddle.example/objectives/default/answers')
  expect(letters[0]?.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/im) // a name makes no header
  expect(letters[1]).toContain('In-Reply-To: <a1.began@heddle>')
  await expect(tell(teller, { name: 'ops', type: 'email', to: ['ann@example.com'] }, 'ops', message)).rejects.toThrow('HEDDLE_SMTP_URL')
})

test.each([
  ['an address inside', 'http://127.0.0.1:9/hook', ''],
  ['a file', 'file:///etc/passwd', '127.0.0.1'],
])('a webhook that is %s is not called', async (_, url, allow) => {
  await expect(tell({ ...teller, outside: { allow: parseAllowList(allow) } }, { name: 'x', type: 'webhook', url }, 'x', {} as AlertMessage)).rejects.toThrow(/not an address of the public internet|only http and https/)
})
