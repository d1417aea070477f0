// What one sender costs the others: how long their requests wait alone, and beside one that sends fifty times as much; a raw result is in bench/results.
//   node bench/loud-sender.ts [--seconds 20]
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { protobufOf } from '#server/testing/collector.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { attributesOf, freshSpan, requestOf } from '#server/testing/spans.ts'
import { startCollectorProcess } from './collector-process.ts'

const { values: given } = parseArgs({ options: { seconds: { type: 'string' } } })
const SECONDS = Number(given.seconds ?? 20)
const QUIET = { senders: 4, everyMs: 50, spans: 10 }
/** Fifty times what one of them sends. */
const LOUD = { spans: 500, aSecond: 50 * QUIET.spans * (1000 / QUIET.everyMs) }
const GOAL = 2
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))

await using postgres = await ownPostgres()
const client = new pg.Client({ connectionString: postgres.url })
await client.connect()
await client.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local')`)
await client.end()
await using collector = await startCollectorProcess(postgres)
await Promise.all([sendQuietly(5), sendLoudly(5)]) // what is compiled at the start is nobody's fault
const alone = await sendQuietly(SECONDS)
const [beside, loud] = await Promise.all([sendQuietly(SECONDS), sendLoudly(SECONDS)])
const times = beside.p99 / alone.p99
console.log(`alone          p50 ${alone.p50.toFixed(0)} ms, p99 ${alone.p99.toFixed(0)} ms of ${alone.requests} requests`)
console.log(`beside ${Math.round(loud / SECONDS)} spans/s of one sender   p50 ${beside.p50.toFixed(0)} ms, p99 ${beside.p99.toFixed(0)} ms of ${beside.requests} requests`)
console.log(`p99 is ${times.toFixed(1)} times as long   goal ≤ ${GOAL}: ${times <= GOAL ? 'met' : 'missed'}`)
const at = new Date().toISOString()
await mkdir(RESULTS, { recursive: true })
await writeFile(join(RESULTS, `loud-sender-${at.replaceAll(/[:.]/g, '-')}.json`), JSON.stringify({ at, seconds: SECONDS, quiet: QUIET, loudSpansASecond: loud / SECONDS, alone, beside }))

async function sendQuietly(seconds: number): Promise<{ p50: number; p99: number; requests: number }> {
  const tookMs: number[] = []
  const endMs = performance.now() + seconds * 1000
  await Promise.all(Array.from({ length: QUIET.senders }, async (_, sender) => {
    await sleep((sender * QUIET.everyMs) / QUIET.senders)
    while (performance.now() < endMs) {
      const began = performance.now()
      await post(bodyOf(QUIET.spans, `quiet-${sender}`))
      tookMs.push(performance.now() - began)
      await sleep(Math.max(0, QUIET.everyMs - (performance.now() - began)))
    }
  }))
  tookMs.sort((a, b) => a - b)
  return { p50: tookMs[tookMs.length >> 1]!, p99: tookMs[Math.floor(tookMs.length * 0.99)]!, requests: tookMs.length } // not empty
}

/** Answers how many spans it sent; it does not wait for its answers. */
async function sendLoudly(seconds: number): Promise<number> {
  const template = bodyOf(LOUD.spans, 'loud')
  const traceIds = [...placesOfTraceIds(template)]
  const beganMs = performance.now()
  const under = new Set<Promise<void>>()
  let sent = 0
  while (performance.now() < beganMs + seconds * 1000) {
    const body = Buffer.from(template)
    const salt = randomBytes(8)
    for (const at of traceIds) salt.copy(body, at)
    const request = post(body).finally(() => under.delete(request))
    under.add(request)
    sent += LOUD.spans
    await sleep(Math.max(0, beganMs + (sent / LOUD.aSecond) * 1000 - performance.now()))
  }
  await Promise.all(under)
  return sent
}

function bodyOf(spans: number, service: string): Buffer {
  return protobufOf(requestOf(Array.from({ length: spans }, () => freshSpan({ attributes: attributesOf({ 'http.request.method': 'POST', 'request.id': randomBytes(8).toString('hex') }) })), { 'service.name': service }))
}

/** A trace id is field 1 of a span: its tag and length, then sixteen bytes. */
function* placesOfTraceIds(body: Buffer): Generator<number> {
  const head = Buffer.from([0x0a, 0x10])
  for (let at = body.indexOf(head); at >= 0; at = body.indexOf(head, at + 18)) if (body[at + 18] === 0x12 && body[at + 19] === 8) yield at + 2
}

/** A refusal is an answer too: who sends too much is told to come again. */
async function post(body: Buffer): Promise<void> {
  const answer = await fetch(collector.url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array(body) })
  await answer.arrayBuffer()
  if (!answer.ok && answer.status !== 503) throw new Error(`the collector answered ${answer.status}`)
}
