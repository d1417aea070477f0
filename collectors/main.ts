// The collector process: OTLP in, rows and counts in PostgreSQL. Started in this order, stopped backwards.
import { Gauge } from 'prom-client'
import { readConfig } from '#server/config.ts'
import { messageOf } from '#server/contracts/errors.ts'
import { parseAllowList } from '#server/fetch/addresses.ts'
import { databaseUrlOf } from '#server/run/database.ts'
import { openLog } from '#server/run/log.ts'
import { announceProcess } from '#server/run/registry.ts'
import { runUntilStopped } from '#server/run/shutdown.ts'
import { startStatusServer } from '#server/run/status-server.ts'
import { readTls } from '#server/run/tls.ts'
import { startCollector } from './collector.ts'
import { watchStore } from './store-watch.ts'

const config = readConfig()
const log = openLog('collector', config)

await runUntilStopped(log, async (things) => {
  const collector = things.use(
    await startCollector({
      databaseUrl: databaseUrlOf(config),
      bind: config.bind,
      tls: readTls(config),
      grpcPort: config.otlpGrpcPort,
      httpPort: config.otlpHttpPort,
      retentionMs: config.retentionMs,
      diskMaxBytes: config.diskMaxBytes,
      allow: parseAllowList(config.fetchAllow),
      origins: [new URL(config.publicUrl).origin],
      onError: (what, error) => log.error({ error: messageOf(error) }, `${what} failed: ${messageOf(error)}`),
    }),
  )
  const store = things.use(watchStore(() => collector.ping()))
  const status = things.use(await startStatusServer('collector', () => store.problem))
  const gauge = (name: string, help: string, read: () => number) => new Gauge({ name, help, registers: [status.registry], collect() { this.set(read()) } })
  gauge('heddle_ingest_spans', 'Spans stored since this process started', () => collector.totals.spans)
  gauge('heddle_ingest_points', 'Data points of proxies counted since this process started', () => collector.totals.points)
  gauge('heddle_ingest_waiting_bytes', 'Bytes of requests that wait for their commit', () => collector.waitingBytes())
  gauge('heddle_ingest_refused', 'Spans, points and requests refused since this process started', () => [...collector.totals.refused.values()].reduce((sum, count) => sum + count, 0))
  things.use(announceProcess({ role: 'collector', home: config.home, ports: { otlpGrpc: collector.grpcPort, otlpHttp: collector.httpPort, status: status.port }, state: 'ready' }))
  log.info({ grpc: collector.grpcPort, http: collector.httpPort }, 'taking OTLP')
})
