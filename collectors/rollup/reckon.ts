// Counts the calls of traces that have something new. What was counted before is kept with the trace and taken back first, in one
// transaction: late spans correct an edge, spans sent twice change nothing, and any number of collectors may do this at once.
import { inTransaction, type Pool, type PoolClient } from '#server/db/pool.ts'
import { addToSketch } from '#server/otlp/sketch.ts'
import { ensureDays } from '../days.ts'
import { addToBuckets } from './buckets.ts'
import { BUCKET_MS, EVIDENCE, Tally } from './counts.ts'
import { callsOfTrace, PEER_WAIT_US, type Call, type CallSpan } from './trace-calls.ts'

export const RECKON = {
  everyMs: 250,
  tracesMax: 2000,
  spansMax: 40_000,
  /** A trace with more spans keeps the calls that were counted until then. */
  traceSpansMax: 20_000,
  /** For this long a late span corrects what was counted; then the trace is closed. */
  keepHours: 24,
}

interface TraceRow {
  mesh: string
  trace_id: string
  spans: number
  counted: ReturnType<Tally['pack']> | null
}

/** Reckons every quarter of a second until disposed of. */
export function startReckoner(pool: Pool, onError: (error: unknown) => void): AsyncDisposable {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const round = async () => {
    try {
      while (!stopped && (await reckonDue(pool)) >= RECKON.tracesMax / 2);
    } catch (error) {
      onError(error)
    }
    if (!stopped) timer = setTimeout(start, RECKON.everyMs)
  }
  const start = () => void (running = round())
  start()
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/** One round; answers how many traces it took. */
export async function reckonDue(pool: Pool, nowUs = Date.now() * 1000): Promise<number> {
  const daysUs = Array.from({ length: Math.ceil(RECKON.keepHours / 24) + 1 }, (_, day) => nowUs - day * 86_400e6)
  await ensureDays(pool, daysUs)
  return inTransaction(pool, async (client) => {
    const { rows: due } = await client.query<TraceRow>(DUE, [RECKON.tracesMax, new Date(nowUs / 1000)])
    if (due.length === 0) return 0
    const taken = withinBudget(due)
    const spans = await readSpans(client, taken.filter((trace) => trace.spans <= RECKON.traceSpansMax))
    const changes = new Tally()
    const kept = taken.map((trace) => {
      const sent = spans.get(`${trace.mesh} ${trace.trace_id}`)
      if (!sent) return { trace, counted: trace.counted, againMs: null }
      const { calls, waitingSinceUs } = callsOfTrace(sent, nowUs)
      const closedUs = Math.ceil((nowUs / 1000 - RECKON.keepHours * 3_600_000) / BUCKET_MS) * BUCKET_MS * 1000 // on a bucket's edge: a bucket is open or closed as a whole
      const counted = tallyOf(calls.filter((call) => call.timeUs >= closedUs), trace.mesh)
      for (const entry of counted.entries.values()) changes.add(entry)
      for (const entry of trace.counted ? Tally.unpack(trace.counted).entries.values() : []) {
        if (entry.timeMs * 1000 >= closedUs) changes.add(entry, -1)
        else counted.add(entry) // closed: it stays as it was counted
      }
      return { trace, counted: counted.pack(), againMs: waitingSinceUs === null ? null : (waitingSinceUs + PEER_WAIT_US - nowUs) / 1000 + 500 }
    })
    await client.query(KEEP, [
      kept.map(({ trace }) => trace.mesh),
      kept.map(({ trace }) => trace.trace_id),
      kept.map(({ counted }) => JSON.stringify(counted)),
      kept.map(({ againMs }) => againMs),
    ])
    await addToBuckets(client, changes.changes())
    return taken.length
  })
}

// Locked rows are left to whoever holds them: another reckoner, or a batch that will make them due again.
const DUE = `select mesh, trace_id, spans, counted from telemetry.trace where reckon_at <= $2 order by reckon_at limit $1 for update skip locked`
const KEEP = `
  update telemetry.trace set counted = fresh.counted::jsonb, reckon_at = now() + fresh.again_ms * interval '1 millisecond'
  from unnest($1::text[], $2::uuid[], $3::text[], $4::double precision[]) as fresh (mesh, id, counted, again_ms)
  where trace.mesh = fresh.mesh and trace.trace_id = fresh.id`

function withinBudget(due: readonly TraceRow[]): TraceRow[] {
  let spans = 0
  return due.filter((trace, index) => {
    spans += Math.min(trace.spans, RECKON.traceSpansMax)
    return index === 0 || spans <= RECKON.spansMax
  })
}

function tallyOf(calls: readonly Call[], mesh: string): Tally {
  const tally = new Tally()
  for (const call of calls) {
    const { source, sourceVersion, target, targetVersion, protocol } = call
    const entry = tally.at({ mesh, source, sourceVersion, target, targetVersion, protocol }, EVIDENCE[call.evidence], call.timeUs / 1000)
    entry.requests += 1
    entry.errors += call.outcome === 'error' ? 1 : 0
    entry.refused += call.outcome === 'refused' ? 1 : 0
    entry.retries += call.retries
    entry.bytesSent += call.bytesSent
    entry.bytesReceived += call.bytesReceived
    entry.inputTokens += call.inputTokens
    entry.outputTokens += call.outputTokens
    entry.durationUs += call.durationUs
    addToSketch(entry.latency, call.durationUs)
  }
  return tally
}

async function readSpans(client: PoolClient, traces: readonly TraceRow[]): Promise<Map<string, CallSpan[]>> {
  const { rows } = await client.query<SpanRecord>(SPANS, [traces.map((trace) => trace.trace_id), RECKON.keepHours + 1])
  const byTrace = new Map<string, CallSpan[]>()
  for (const row of rows) {
    const key = `${row.mesh} ${row.trace_id}`
    const spans = byTrace.get(key)
    const span = spanOf(row)
    if (spans) spans.push(span)
    else byTrace.set(key, [span])
  }
  return byTrace
}

interface SpanRecord {
  mesh: string
  trace_id: string
  span_id: string
  parent_id: string | null
  service_id: number
  namespace: string
  service: string
  version: string
  time_us: number
  duration_us: string
  flags: number
  kind: number
  protocol: number
  peer: string | null
  bytes_sent: string | null
  bytes_received: string | null
  gen_ai_operation: string | null
  gen_ai_agent: string | null
  gen_ai_model: string | null
  gen_ai_tool: string | null
  input_tokens: number | null
  output_tokens: number | null
}

const SPANS = `
  select service.mesh, trace_id, span_id, parent_id, service_id, service.namespace, service.name as service, service.version,
    (extract(epoch from time) * 1000000)::double precision as time_us, duration_us, flags, kind, protocol, peer, bytes_sent, bytes_received,
    gen_ai_operation, gen_ai_agent, gen_ai_model, gen_ai_tool, input_tokens, output_tokens
  from telemetry.span join telemetry.service on service.id = span.service_id
  where trace_id = any($1::uuid[]) and time > now() - $2 * interval '1 hour'`

function spanOf(row: SpanRecord): CallSpan {
  return {
    spanId: row.span_id,
    parentId: row.parent_id,
    serviceId: row.service_id,
    node: `agent/${row.namespace}/${row.service}`,
    namespace: row.namespace,
    version: row.version,
    timeUs: row.time_us,
    durationUs: Number(row.duration_us),
    flags: row.flags,
    kind: row.kind,
    protocol: row.protocol,
    peer: row.peer,
    bytesSent: row.bytes_sent === null ? null : Number(row.bytes_sent),
    bytesReceived: row.bytes_received === null ? null : Number(row.bytes_received),
    operation: row.gen_ai_operation,
    agent: row.gen_ai_agent,
    model: row.gen_ai_model,
    tool: row.gen_ai_tool,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
  }
}
