// What a search costs among many stored spans: real ones in the last hour, and copies of their rows over the hours before; raw samples in bench/results.
//   node bench/search.ts [--spans 10000000] [--hours 8]
import { mkdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startCollector } from '#collectors/collector.ts'
import { openDb } from '#server/db/client.ts'
import { readAttributeNames } from '#server/queries/attribute-names.ts'
import { readTrace } from '#server/queries/trace.ts'
import { readTraces, type TraceSearch } from '#server/queries/traces.ts'
import { protobufOf } from '#server/testing/collector.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { attributesOf, freshSpan, requestOf } from '#server/testing/spans.ts'
import { makeSets, renewed } from './ingest-payloads.ts'

const { values: given } = parseArgs({ options: { spans: { type: 'string' }, hours: { type: 'string' } } })
const SPANS = Number(given.spans ?? 10_000_000)
const HOURS = Number(given.hours ?? 8)
/** With their bytes, where an attribute is searched. */
const REAL = Math.round(SPANS / HOURS)
const SENDERS = 8
const RUNS = 20
const MESH = 'local'
const HOUR_MS = 3_600_000
/** Parts of an hour back, where one span has an attribute of its own. */
const NEEDLES = [0.5, 0.95]
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))

const searches: { name: string; goalMs: number; tookMs: number[] }[] = []
await using postgres = await ownPostgres()
await using db = openDb(postgres.url, 'bench')
await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.local')`, [MESH])
await sendReal()
const filledAt = Date.now()
await copyBack()
const last = { from: new Date(filledAt - HOURS * HOUR_MS), to: new Date(filledAt + 60_000), limit: 20 }
const hour = { ...last, from: new Date(filledAt - HOUR_MS) }
const { rows: ids } = await db.pool.query<{ trace_id: string }>('select trace_id from telemetry.span_part order by time desc limit $1', [RUNS])
const search = (asked: Partial<TraceSearch>) => () => readTraces(db, MESH, { ...last, ...asked })
await measure('a trace by its id', 50, (run) => readTrace(db, MESH, ids[run]!.trace_id.replaceAll('-', ''), 'all')) // as many as runs
await measure('newest 20', 300, search({}))
await measure('service', 300, search({ service: 'writer' }))
await measure('service, name, duration, status', 300, search({ service: 'writer', operation: 'POST /', minDurationMs: 150, status: 'error' }))
await measure('the same, of a duration that nothing has', 300, search({ service: 'writer', operation: 'POST /', minDurationMs: 900, status: 'error' }))
await measure('a service of 20 traces', 300, search({ service: 'seldom' }))
await measure('a service that nobody has', 300, search({ service: 'nobody' }))
await measure('failed, any service', 300, search({ status: 'error' }))
await measure('a page ten pages back', 300, search({ service: 'writer', after: await after(10) }))
await measure('attribute, an hour', 1000, () => readTraces(db, MESH, { ...hour, attributes: [{ key: 'http.request.method', value: 'POST' }] }))
for (const at of NEEDLES) await measure(`attribute of one span, ${at} of an hour back`, 1000, () => readTraces(db, MESH, { ...hour, attributes: [{ key: 'request.id', value: `needle ${at}` }] }))
await measure('attribute that none has, an hour', 1000, () => readTraces(db, MESH, { ...hour, attributes: [{ key: 'request.id', value: 'none' }] }))
await measure('names of attributes', 300, () => readAttributeNames(db, MESH, hour))
const at = new Date().toISOString()
await mkdir(RESULTS, { recursive: true })
await writeFile(`${RESULTS}search-${at.replaceAll(/[:.]/g, '-')}.json`, `${JSON.stringify({ at, load: loadavg(), spans: SPANS, hours: HOURS, searches })}\n`)

async function sendReal(): Promise<void> {
  await using collector = await startCollector({ databaseUrl: postgres.url, bind: '127.0.0.1', grpcPort: 0, httpPort: 0, retentionMs: 7 * 86_400_000, diskMaxBytes: 100e9, tls: null, origins: [], onError: (what, error) => console.error(what, error) })
  const sets = makeSets('whole')
  const send = async (body: Buffer) => {
    const answer = await fetch(`http://127.0.0.1:${collector.httpPort}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array(body) })
    if (!answer.ok) throw new Error(`the collector answered ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  for (const at of NEEDLES) {
    const time = Date.now() - at * HOUR_MS
    await send(protobufOf(requestOf([freshSpan({ startTimeUnixNano: `${time}000000`, endTimeUnixNano: `${time + 5}000000`, attributes: attributesOf({ 'request.id': `needle ${at}` }) })])))
  }
  let sent = 0
  let next = 0
  await Promise.all(Array.from({ length: SENDERS }, async () => {
    while (sent < REAL) {
      const set = sets[next++ % sets.length]! // in bounds
      const bodies = renewed(set, (1 - sent / REAL) * HOUR_MS)
      sent += set.spans
      for (const body of bodies) await send(body)
    }
  }))
}

/** Rows of two thousand real traces over and over, a third of a percent of all failed; twenty of a service of its own. */
async function copyBack(): Promise<void> {
  await using client = await unhurried()
  await client.query('select telemetry.ensure_day((now() at time zone $1)::date - ago) from generate_series(0, $2) ago', ['UTC', Math.ceil(HOURS / 24)])
  await client.query(`create table bench_part as select row_number() over () as number, part.* from telemetry.span_part part limit 2000`)
  await client.query(
    `insert into telemetry.span_part (time, trace_id, block_id, failed, before_us, span_ids, parent_ids, durations_us, block_ats, service_ids, class_ids, flags)
     select $3::timestamptz - interval '1 hour' - (1 - n::float8 / $1) * $2 * interval '1 hour', gen_random_uuid(), n, n % 300 = 0, before_us, span_ids, parent_ids, durations_us, block_ats, service_ids, class_ids,
       case when n % 300 = 0 then array_fill(8::smallint, array[cardinality(flags)]) else flags end
     from generate_series(1, $1::int) n join bench_part on number = 1 + n % 2000 order by n`,
    [Math.round((SPANS - REAL) / 10), HOURS - 1, new Date(filledAt)],
  )
  await client.query(`update telemetry.span_part part set failed = true, flags = array_fill(8::smallint, array[cardinality(flags)]) from (select trace_id, row_number() over (order by time) as n from telemetry.span_part where time > $1::timestamptz - interval '1 hour') own where n % 300 = 0 and own.trace_id = part.trace_id`, [new Date(filledAt)])
  await client.query(`
    with own as (insert into telemetry.service (mesh, namespace, name, version, proxy) values ('${MESH}', '', 'seldom', '', false) returning id),
    named as (insert into telemetry.operation (service_id, name) select id, 'now and then' from own returning id, service_id),
    class as (insert into telemetry.span_class (service_id, hash, operation_id, kind, status, protocol) select service_id, '\\x00', id, 2, 0, 0 from named returning id, service_id)
    insert into telemetry.span_part (time, trace_id, block_id, failed, before_us, span_ids, parent_ids, durations_us, block_ats, service_ids, class_ids, flags)
    select now() - n * $1 / 25 * interval '1 hour', gen_random_uuid(), n, false, '{0}', array[n], '{null}', '{1000}', '{0}', array[service_id], array[id], '{65}' from class, generate_series(1, 20) n`, [HOURS])
  await client.query(`
    insert into telemetry.span_minute
    select distinct date_trunc('minute', time, 'UTC'), service_id, class_id from telemetry.span_part cross join lateral unnest(service_ids, class_ids) as each (service_id, class_id) on conflict do nothing`)
  await client.query('vacuum analyze telemetry.span_part, telemetry.span_minute, telemetry.span_class')
}

/** Without the pool's limit of a statement. */
async function unhurried() {
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}

async function after(pages: number): Promise<TraceSearch['after']> {
  let cursor: TraceSearch['after']
  for (let page = 0; page < pages; page++) cursor = (await readTraces(db, MESH, { ...last, service: 'writer', ...(cursor ? { after: cursor } : {}) })).next ?? cursor
  return cursor
}

async function measure(name: string, goalMs: number, run: (index: number) => Promise<unknown>): Promise<void> {
  await run(0)
  const took: number[] = []
  let answer: unknown
  for (let index = 0; index < RUNS; index++) {
    const began = performance.now()
    answer = await run(index)
    took.push(performance.now() - began)
  }
  searches.push({ name, goalMs, tookMs: took.map((ms) => Math.round(ms)) })
  took.sort((a, b) => a - b)
  const p95 = took[Math.ceil(RUNS * 0.95) - 1]! // not empty
  const page = answer as { items?: unknown[]; lookedBackTo?: Date | null } | unknown[] | null
  const found = Array.isArray(page) ? page.length : (page?.items?.length ?? 1)
  const cut = page && !Array.isArray(page) && page.lookedBackTo ? `; looked back to ${page.lookedBackTo.toISOString().slice(11, 19)}` : ''
  console.log(`${name.padEnd(42)} median ${took[RUNS / 2]!.toFixed(0).padStart(5)} ms, p95 ${p95.toFixed(0).padStart(5)} ms   goal ≤ ${goalMs}: ${p95 <= goalMs ? 'met' : 'missed'}   (${found} found${cut})`) // as above
}
