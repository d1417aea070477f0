// A collector in the test's own process, on a database of its own.
import type { Db } from '#server/db/client.ts'
import { testDatabase } from '#server/testing/database.ts'
import { TRACES } from '#server/otlp/messages.ts'
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

export function protobufOf(json: string): Buffer {
  return Buffer.from(jsonToProtobuf(Buffer.from(json), TRACES))
}
