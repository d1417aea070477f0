// Traces whose every value is known, written for as long as an hour among others, and read again and again: by id, by attribute, and as calls of the
// graph. A raw result is in bench/results. Nothing may be missing or wrong; meanwhile acknowledgements and the graph's lag are measured.
//   node bench/known-traces.ts [--minutes 60] [--rate 2000 OTHER_SPANS_A_SECOND]
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { openDb } from '#server/db/client.ts'
import { readGraph } from '#server/queries/graph.ts'
import { readTrace } from '#server/queries/trace.ts'
import { readTraces } from '#server/queries/traces.ts'
import { protobufOf } from '#server/testing/collector.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { seeded } from '#server/testing/seeded.ts'
import { attributesOf, freshSpan, requestOf, type TestSpan } from '#server/testing/spans.ts'
import { startCollectorProcess } from './collector-process.ts'
import { makeSets, renewed } from './ingest-payloads.ts'

const { values: given } = parseArgs({ options: { minutes: { type: 'string' }, rate: { type: 'string' } } })
const MINUTES = Number(given.minutes ?? 60)
const RATE = Number(given.rate ?? 2000)
const EVERY_MS = 1000
/** A callee's spans come this much later in every tenth trace, and twice in every seventh. */
const LATE_MS = 20_000
const MESH = 'local'
const MODEL_TOKENS = 1000
const KINDS = ['unspecified', 'internal', 'server', 'client']
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))

interface Known {
  number: number
  traceId: string
  startMs: number
  caller: TestSpan
  callee: TestSpan
  model: TestSpan
  /** Both requests are acknowledged. */
  whole: boolean
}

const startedAt = new Date()
const known: Known[] = []
const problems: string[] = []
const acksMs: number[] = []
const lagsMs: number[] = []
let reads = 0
let others = 0
let refused = 0

await using postgres = await ownPostgres()
await using db = openDb(postgres.url, 'bench')
await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.local')`, [MESH])
await using collector = await startCollectorProcess(postgres)
const sets = makeSets('whole')
const madeMs = Date.now()
const endMs = Date.now() + MINUTES * 60_000
await Promise.all([sendKnown(endMs), sendOthers(endMs), readAgain(endMs)])
await sleep(LATE_MS + 3000)
for (const each of known) await check(each)
await checkCalls(known)
const p99 = (sorted: number[]) => sorted.sort((a, b) => a - b)[Math.floor(sorted.length * 0.99)] ?? 0
const report = { startedAt, minutes: MINUTES, rate: RATE, known: known.length, reads, others, refused, problems: problems.slice(0, 50), ackMs: { p50: acksMs.sort((a, b) => a - b)[acksMs.length >> 1], p99: p99(acksMs) }, graphLagMs: { p99: p99(lagsMs), most: Math.max(...lagsMs) } }
console.log(report)
console.log(`missing or wrong in ${reads} readings of ${known.length} traces   ${problems.length}   goal 0: ${problems.length === 0 ? 'met' : 'missed'}`)
console.log(`acknowledgement p99, ${RATE} other spans a second   ${report.ackMs.p99.toFixed(0)} ms   goal ≤ 500: ${report.ackMs.p99 <= 500 ? 'met' : 'missed'}`)
console.log(`call in the graph after its acknowledgement, at most   ${report.graphLagMs.most.toFixed(0)} ms   goal ≤ 10000: ${report.graphLagMs.most <= 10_000 ? 'met' : 'missed'}`)
await mkdir(RESULTS, { recursive: true })
await writeFile(join(RESULTS, `known-traces-${startedAt.toISOString().replaceAll(/[:.]/g, '-')}.json`), JSON.stringify(report))

/** The trace of a number: a call with a model call beneath it. Whoever knows the number and the start knows every value. */
function knownTrace(number: number, startMs: number): Known {
  const random = seeded(number)
  const whole = (max: number) => 1 + Math.floor(random() * max)
  const id = (part: string, digits: number) => createHash('sha256').update(`${number} ${part}`).digest('hex').slice(0, digits)
  const traceId = id('trace', 32)
  const took = { model: whole(200), callee: 300 + whole(300), caller: 700 + whole(300) }
  const span = (fields: Partial<TestSpan>, offsetMs: number, tookMs: number) =>
    freshSpan({ traceId, startTimeUnixNano: `${startMs + offsetMs}000000`, endTimeUnixNano: `${startMs + offsetMs + tookMs}000000`, ...fields })
  const attributes = (more: Record<string, string | number>) => attributesOf({ 'known.number': number, 'known.word': id('word', 16), ...more })
  const failed = number % 10 === 3 ? { status: { code: 2, message: `trace ${number} failed` } } : {}
  const caller = span({ spanId: id('caller', 16), name: 'ask', kind: 3, attributes: attributes({ 'server.address': 'callee.known' }), ...failed }, 0, took.caller)
  const callee = span({ spanId: id('callee', 16), parentSpanId: caller.spanId, name: 'answer', kind: 2, attributes: attributes({ 'http.route': '/known' }), ...failed }, 10, took.callee)
  const model = span({ spanId: id('model', 16), parentSpanId: callee.spanId, name: 'chat', kind: 3, attributes: attributes({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'known-model', 'gen_ai.usage.input_tokens': MODEL_TOKENS }) }, 20, took.model)
  return { number, traceId, startMs, caller, callee, model, whole: false }
}

async function sendKnown(endMs: number): Promise<void> {
  const late: Promise<void>[] = []
  for (let number = 0; Date.now() < endMs; number++) {
    const each = knownTrace(number, Date.now() - 2000)
    known.push(each)
    await post(requestOf([each.caller], { 'service.name': 'known-caller' }))
    const finish = async () => {
      if (number % 10 === 0) await sleep(LATE_MS)
      for (let times = number % 7 === 0 ? 2 : 1; times > 0; times--) await post(requestOf([each.callee, each.model], { 'service.name': 'known-callee' }))
      each.whole = true
      if (number % 5 === 0) await measureLag(each)
    }
    late.push(finish())
    await sleep(EVERY_MS)
  }
  await Promise.all(late)
}

async function sendOthers(endMs: number): Promise<void> {
  const beganMs = Date.now()
  for (let next = 0; Date.now() < endMs; next++) {
    const set = sets[next % sets.length]! // in bounds
    others += set.spans
    await sleep(Math.max(0, beganMs + (others / RATE) * 1000 - Date.now()))
    for (const body of renewed(set, madeMs - Date.now())) await post(body)
  }
}

/** Traces of any age, one after the other. */
async function readAgain(endMs: number): Promise<void> {
  const random = seeded(7)
  while (Date.now() < endMs) {
    const each = known[Math.floor(random() * known.length)]
    if (each?.whole) await check(each)
    await sleep(EVERY_MS / 2)
  }
}

async function check(each: Known): Promise<void> {
  reads++
  const trace = await readTrace(db, MESH, each.traceId, 'all')
  const found = trace?.spans.map(({ spanId, parentSpanId, service, name, kind, offsetMs, durationMs, status, attributes }) => ({ spanId, parentSpanId, service, name, kind, offsetMs, durationMs, status, attributes }))
  const expected = [expectedSpan(each, each.caller, 'known-caller'), expectedSpan(each, each.callee, 'known-callee'), expectedSpan(each, each.model, 'known-callee')]
  if (!isDeepStrictEqual(found, expected)) problems.push(`trace ${each.number} by its id is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`)
  const word = String(each.caller.attributes![1]!.value.stringValue) // as made above
  const { items } = await readTraces(db, MESH, { from: new Date(each.startMs - 60_000), to: new Date(each.startMs + 60_000), limit: 5, service: 'known-callee', attributes: [{ key: 'known.word', value: word }] })
  if (items.length !== 1 || items[0]!.traceId !== each.traceId || items[0]!.spans !== 3) problems.push(`trace ${each.number} by its attribute is ${JSON.stringify(items)}`)
}

function expectedSpan(each: Known, span: TestSpan, service: string) {
  const ms = (nanoseconds: string) => Number(BigInt(nanoseconds) / 1_000_000n)
  const [startMs, endMs] = [ms(span.startTimeUnixNano), ms(span.endTimeUnixNano)]
  return {
    spanId: span.spanId, parentSpanId: span.parentSpanId ?? null, service, name: span.name, kind: KINDS[span.kind], offsetMs: startMs - each.startMs, durationMs: endMs - startMs,
    status: 'status' in span ? 'error' : 'unset',
    attributes: span.attributes!.map(({ key, value }) => ({ key, value: value.stringValue ?? value.intValue })),
  }
}

async function callsIn(from: number, to: number) {
  const { edges } = await readGraph(db, MESH, { from: new Date(from), to: new Date(to), by: 'agent' })
  return edges.filter(({ source }) => source.endsWith('/known-caller') || source.endsWith('/known-callee'))
}

/** The call is in the graph when it is acknowledged; how long after that it was seen there. */
async function measureLag(each: Known): Promise<void> {
  const acknowledgedAt = performance.now()
  for (;;) {
    const expected = known.filter((other) => other.whole && Math.floor(other.startMs / 10_000) === Math.floor(each.startMs / 10_000)).length
    const from = Math.floor(each.startMs / 10_000) * 10_000
    const edges = await callsIn(from, from + 10_000)
    if ((edges.find((edge) => edge.target.endsWith('/known-callee'))?.requests ?? 0) >= expected) break
    if (performance.now() - acknowledgedAt > 30_000) {
      problems.push(`the call of trace ${each.number} was not in the graph after 30 s`)
      break
    }
    await sleep(20)
  }
  lagsMs.push(performance.now() - acknowledgedAt)
}

async function checkCalls(all: readonly Known[]): Promise<void> {
  const first = Math.floor(all[0]!.startMs / 60_000) * 60_000 // some were sent
  const edges = await callsIn(first, Math.ceil(Date.now() / 60_000) * 60_000)
  const found = edges.map(({ source, target, requests, errors }) => `${source} → ${target} ${requests} calls, ${errors} failed`).sort()
  const failed = all.filter(({ number }) => number % 10 === 3).length
  const expected = [`unknown/known-caller → unknown/known-callee ${all.length} calls, ${failed} failed`, `unknown/known-callee → model/default/known-model ${all.length} calls, 0 failed`].sort()
  if (!isDeepStrictEqual(found, expected)) problems.push(`calls are ${found.join('; ')}, not ${expected.join('; ')}`)
}

async function post(body: Buffer | string): Promise<void> {
  const bytes = typeof body === 'string' ? protobufOf(body) : body
  for (;;) {
    const began = performance.now()
    const answer = await fetch(collector.url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array(bytes) })
    await answer.arrayBuffer()
    acksMs.push(performance.now() - began)
    if (answer.ok) return
    if (answer.status !== 503) throw new Error(`the collector answered ${answer.status}`)
    refused++
    await sleep(1000)
  }
}
