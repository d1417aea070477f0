// The web process: console, REST API and live updates on one port. Started in this order, stopped backwards.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import next from 'next'
import { Gauge } from 'prom-client'
import { createApi } from './api/app.ts'
import { setPageHeaders } from './api/page-headers.ts'
import { provideApi } from './api/process.ts'
import { admitUpgrade } from './api/upgrade.ts'
import { openAuth } from './auth/auth.ts'
import { ensureFirstAdmin } from './auth/users.ts'
import { readConfig } from './config.ts'
import { FAILURES, MeshError } from './contracts/errors.ts'
import { MESH_DEFAULT } from './contracts/ids.ts'
import { openDb } from './db/client.ts'
import { usableRole } from './db/roles.ts'
import { refuseUpgrade, startLiveHub } from './live/hub.ts'
import { keepMemoryOutOfCoreDumps } from './run/core-dumps.ts'
import { openLog } from './run/log.ts'
import { announceProcess } from './run/registry.ts'
import { runUntilStopped } from './run/shutdown.ts'
import { startStatusServer } from './run/status-server.ts'
import { readTls } from './run/tls.ts'

const LIMITS = { headersTimeoutMs: 20_000, requestTimeoutMs: 60_000, keepAliveMs: 15_000 }

const config = readConfig()
keepMemoryOutOfCoreDumps()
const log = openLog('web', config)
const dev = process.env.NODE_ENV === 'development'

await runUntilStopped(log, async (things) => {
  const db = things.use(openDb(config.databaseUrl, 'heddle-web', { role: await usableRole(config.databaseUrl, 'heddle_web') }))
  await db.pool.query('insert into mesh (name, trust_domain) values ($1, $2) on conflict do nothing', [MESH_DEFAULT, config.trustDomain])
  await ensureFirstAdmin(db)
  const options = { db, config, log, auth: await openAuth(db, config) }
  const api = createApi(options)
  provideApi((request) => api.fetch(request))

  const limits = { headersTimeout: LIMITS.headersTimeoutMs, requestTimeout: LIMITS.requestTimeoutMs, keepAliveTimeout: LIMITS.keepAliveMs }
  const tls = readTls(config)
  const server = tls ? createTlsServer({ ...limits, ...tls }) : createServer(limits)
  // Next listens for upgrades on the server it is given, and would end ours; it is given one that nobody connects to, which is told of
  // those that are Next's: in development a page waits for its connection before it comes to life.
  const pageServer = createServer()
  const console = next({ dev, dir: fileURLToPath(new URL('..', import.meta.url)), hostname: config.bind, port: config.consolePort, httpServer: pageServer })
  await console.prepare()
  const pages = console.getRequestHandler()
  const live = things.use(startLiveHub(config.databaseUrl))

  server.on('request', (request, response) => {
    setPageHeaders(request, response, { config, dev })
    if (request.url === '/health' || request.url === '/ready') request.url = `/api/v1${request.url}`
    pages(request, response).catch((error: unknown) => failPage(error, request, response))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy()) // a client that resets while it is being looked at
    if (pathOf(request) === '/api/v1/live') void openLive(request, socket, head)
    else if (dev) pageServer.emit('upgrade', request, socket, head)
    else refuseUpgrade(socket, '404 Not Found')
  })

  async function openLive(request: IncomingMessage, socket: Duplex, head: Buffer) {
    try {
      live.accept(request, socket, head, await admitUpgrade(request, options))
    } catch (error) {
      const { http, title } = FAILURES[error instanceof MeshError ? error.code : 'unavailable']
      refuseUpgrade(socket, `${http} ${title}`)
    }
  }

  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(config.consolePort, config.bind, resolve))
  things.defer(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 3000).unref()
    await closed
    await console.close()
  })
  const status = things.use(await startStatusServer('web', () => null))
  new Gauge({ name: 'heddle_live_clients', help: 'Open live connections of pages', registers: [status.registry], collect() { this.set(live.clients()) } })
  things.use(announceProcess({ role: 'web', home: config.home, ports: { http: config.consolePort, status: status.port }, state: 'ready' }))
  log.info({ http: config.consolePort, status: status.port }, 'web is ready')
})

function failPage(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  log.error({ err: error, path: pathOf(request) }, 'a page failed')
  if (response.headersSent) response.destroy()
  else response.writeHead(500, { 'content-type': 'text/plain' }).end('Heddle could not show this page; its log says why\n')
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?')[0] ?? '/'
}
