// Everything that makes a collector, without the process around it: tests start it in theirs.
import { isLoopback, refuseOpenDoors } from '#server/run/doors.ts'
import type { TlsFiles } from '#server/run/tls.ts'
import { electLeader } from '#server/db/leader.ts'
import { openPool } from '#server/db/pool.ts'
import { usableRole } from '#server/db/roles.ts'
import { ALLOW_NOTHING, type AllowList } from '#server/fetch/addresses.ts'
import { openContentRules } from './content-rule.ts'
import { openIngest, type IngestTotals } from './ingest.ts'
import type { LogRow } from './logs/row.ts'
import { writeLogs } from './logs/write.ts'
import type { ProxyFlush } from './metrics/flush.ts'
import { writeFlushes } from './metrics/write.ts'
import { startOtlpGrpc } from './otlp/grpc.ts'
import { startOtlpHttp } from './otlp/http.ts'
import type { Receiver } from './otlp/receive.ts'
import { keepScraping } from './prometheus/run.ts'
import { openRedactionRules } from './redaction-rules.ts'
import { keepRetention } from './retention.ts'
import { openEdgeIds } from './rollup/edge-ids.ts'
import { keepFolding } from './rollup/fold.ts'
import { openTraceMemory } from './rollup/trace-memory.ts'
import { openSenders } from './senders.ts'
import { openBatch } from './spans/batch.ts'
import type { SpanColumns } from './spans/columns.ts'
import { openDictionary } from './spans/dictionary.ts'
import { openWrittenMinutes } from './spans/minutes.ts'
import { layOutSpans } from './spans/write.ts'

export interface CollectorOptions {
  databaseUrl: string
  bind: string
  /** Null: in the clear, which only loopback allows. */
  tls: TlsFiles | null
  grpcPort: number
  httpPort: number
  retentionMs: number
  diskMaxBytes: number
  origins: readonly string[]
  /** What may be scraped beyond the public internet; by itself nothing. */
  allow?: AllowList
  onError: (what: string, error: unknown) => void
}

export interface Collector extends AsyncDisposable {
  grpcPort: number
  httpPort: number
  totals: IngestTotals
  waitingBytes(): number
  /** Resolves when the store answers. */
  ping(): Promise<void>
}

const POOL_MAX = 6
/** A statement that takes longer holds up every sender: its batch is refused and sent again. */
const STATEMENT_MS = 10_000

/** Listens when it resolves. Refuses to start off loopback without TLS. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  refuseOpenDoors({ bind: options.bind, tlsCert: options.tls ? 'set' : '' })
  await using started = new AsyncDisposableStack()
  const pool = openPool(options.databaseUrl, 'heddle-collector', { max: POOL_MAX, statementTimeoutMs: STATEMENT_MS, role: await usableRole(options.databaseUrl, 'heddle_collector') })
  started.defer(() => pool.end())
  started.use(electLeader(options.databaseUrl, {
    name: 'retention',
    lead: (signal) => keepRetention(pool, options, signal, (error) => options.onError('retention', error)),
    onError: (error) => options.onError('retention', error),
  }))
  started.use(electLeader(options.databaseUrl, {
    name: 'fold',
    lead: (signal) => keepFolding(pool, signal, (error) => options.onError('folding counts', error)),
    onError: (error) => options.onError('folding counts', error),
  }))
  const content = started.use(openContentRules(pool))
  const redaction = started.use(await openRedactionRules(pool, (error) => options.onError('reading the rules of redaction', error)))
  const edges = { pool, edges: openEdgeIds(pool) }
  started.use(electLeader(options.databaseUrl, {
    name: 'scrape',
    lead: (signal) => keepScraping(edges, { allow: options.allow ?? ALLOW_NOTHING }, signal, (error) => options.onError('scraping', error)),
    onError: (error) => options.onError('scraping', error),
  }))
  const store = { ...edges, dictionary: openDictionary(pool), memory: openTraceMemory(), minutes: openWrittenMinutes() }
  const waitingBytes = () => spans.waitingBytes + proxies.waitingBytes + logs.waitingBytes
  const counters = started.use(openIngest(pool, waitingBytes))
  const spans = started.use(openBatch<SpanColumns>((rows) => layOutSpans(store, rows), (error) => options.onError('storing spans', error)))
  const proxies = started.use(openBatch<ProxyFlush>(async (flushes) => () => writeFlushes(edges, flushes), (error) => options.onError('storing metrics', error)))
  const logs = started.use(openBatch<LogRow>(async (records) => () => writeLogs(store, records), (error) => options.onError('storing logs', error)))
  const receiver: Receiver = { spans, proxies, logs, content, redaction, counters, retentionMs: options.retentionMs }
  const senders = openSenders(pool, { needCredentials: !isLoopback(options.bind) })
  const { bind, tls } = options
  const grpc = started.use(await startOtlpGrpc({ receiver, senders, bind, tls, port: options.grpcPort }))
  const http = started.use(await startOtlpHttp({ receiver, senders, bind, tls, port: options.httpPort, origins: options.origins }))
  const life = started.move()
  return {
    grpcPort: grpc.port,
    httpPort: http.port,
    totals: counters.totals,
    waitingBytes,
    async ping() {
      await pool.query('select 1')
    },
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  }
}
