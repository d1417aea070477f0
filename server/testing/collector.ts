// A collector in the test's own process, on a database of its own.
import type { Db } from '#server/db/client.ts'
import { testDatabase } from '#server/testing/database.ts'
import { TRACES } from '#server/otlp/messages.ts'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonToProtobuf } from '#collectors/json.ts'
import { startCollector, type Collector, type CollectorOptions } from '#collectors/collector.ts'

export interface Lab extends AsyncDisposable {
  db: Db
  collector: Collector
  /** `http://127.0.0.1:PORT` of OTLP over HTTP. */
  http: string
  /** `127.0.0.1:PORT` of OTLP over gRPC. */
  grpc: string
  errors: string[]
  /** For another collector on the same database. */
  options: CollectorOptions
}

export async function startTestCollector(options: Partial<CollectorOptions> = {}): Promise<Lab> {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await testDatabase())
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.local') on conflict do nothing`)
  const errors: string[] = []
  const all: CollectorOptions = { databaseUrl: db.url, bind: '127.0.0.1', grpcPort: 0, httpPort: 0, retentionMs: 7 * 86_400_000, diskMaxBytes: 20e9, tls: null, origins: [], onError: (what, error) => errors.push(`${what}: ${String(error)}`), ...options }
  const collector = stack.use(await startCollector(all))
  const life = stack.move()
  return { db, collector, errors, options: { ...all, grpcPort: 0, httpPort: 0 }, http: `http://127.0.0.1:${collector.httpPort}`, grpc: `127.0.0.1:${collector.grpcPort}`, [Symbol.asyncDispose]: () => life.disposeAsync() }
}

const TRIES_MAX = 20

/** Sends as an exporter does: again after a second while the answer is 503, which is what a busy machine makes of any request. */
export async function postOtlp(url: string, body: Buffer | string, headers: Record<string, string> = {}): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': typeof body === 'string' ? 'application/json' : 'application/x-protobuf', ...headers }, body: typeof body === 'string' ? body : new Uint8Array(body) })
    if (answer.status !== 503 || tries === TRIES_MAX) return answer
    await answer.arrayBuffer()
    await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1000)
  }
}

export interface StoredSpan {
  service: string
  operation: string
  span_id: string
  duration_us: string
  flags: number
  sender: string | null
}

export async function spansOf(db: Db, traceId: string): Promise<StoredSpan[]> {
  const { rows } = await db.pool.query<StoredSpan>(
    `select service.name as service, operation.name as operation, span_id, duration_us, flags
     from telemetry.span join telemetry.span_class on span_class.id = class_id join telemetry.service on service.id = span.service_id join telemetry.operation on operation.id = operation_id
     where trace_id = $1::uuid order by time`,
    [traceId],
  )
  return rows
}

export interface TestSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: { key: string; value: Record<string, unknown> }[]
  [field: string]: unknown
}

/** A span of 5 ms that ended just now, with ids of its own. */
export function freshSpan(fields: Partial<TestSpan> = {}): TestSpan {
  const now = Date.now()
  return { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex'), name: 'work', kind: 1, startTimeUnixNano: `${now - 5}000000`, endTimeUnixNano: `${now}000000`, ...fields }
}

/** An OTLP/JSON request with one resource. */
export function requestOf(spans: readonly Record<string, unknown>[], resource: Record<string, string> = { 'service.name': 'alpha' }): string {
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: 'test' }, spans }] }] })
}

export function attributesOf(values: Record<string, string | number>): { key: string; value: Record<string, unknown> }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: typeof value === 'number' ? { intValue: value } : { stringValue: value } }))
}

export function protobufOf(json: string): Buffer {
  return Buffer.from(jsonToProtobuf(Buffer.from(json), TRACES))
}
