// Seven agents with two instances each, one of which can be made to fail in the way that one kind of probe sees; a real Envoy calls them all.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { agent } from '../compile/fixtures.ts'
import { HealthProbe } from '../contracts/health-probe.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import type { Db } from '../db/client.ts'
import { syncStaticInstances } from '../discovery/static.ts'
import { parseAllowList } from '../fetch/addresses.ts'
import { startProbes } from '../probes/control-run.ts'
import { eventually, openLoop } from './load.ts'
import { startNativeMesh } from './native-mesh.ts'

const CHECKS = {
  http: { type: 'HTTP', path: '/health', expect: { regex: '^well$' } },
  tcp: { type: 'TCP' },
  grpc: { type: 'GRPC' },
  card: { type: 'A2ACard', unchanged: true },
  gettask: { type: 'A2ATask', path: '/rpc' },
  mcp: { type: 'MCP' },
  task: { type: 'Task', protocol: 'http', path: '/task', text: 'are you well?', expect: { regex: '^well$' } },
}
type Kind = keyof typeof CHECKS
const KINDS = Object.keys(CHECKS) as Kind[]
const CALLS_PER_SECOND = 10
const SETTLED_MS = 1000

interface TestInstance extends AsyncDisposable {
  port: number
  setBroken(broken: boolean): Promise<void>
}

/** Milliseconds from the moment at which each agent's instance began to fail to the last call that it did not answer well. */
export type Effects = Record<Kind, number>

export interface ProbeLab extends AsyncDisposable {
  /** Makes one instance of each agent fail at once, and well again afterwards. */
  round(): Promise<Effects>
}

/** Takes the database over: it is closed at the end. */
export async function startProbeLab(database: Db): Promise<ProbeLab> {
  const things = new AsyncDisposableStack()
  const db = things.use(database)
  const mesh = things.use(await startNativeMesh(db))
  const sick = new Map<Kind, TestInstance>()
  const agents = []
  for (const kind of KINDS) {
    const [one, other] = [things.use(await startInstance(kind, 'sick')), things.use(await startInstance(kind, 'well'))]
    sick.set(kind, one)
    agents.push(agent(kind, { protocol: kind === 'grpc' ? 'grpc' : 'http', instances: [one, other].map(({ port }) => ({ address: '127.0.0.1', port, version: 'v1' })) }))
  }
  const probes = KINDS.map((kind) => HealthProbe.parse({ apiVersion: HEDDLE_API, kind: 'HealthProbe', metadata: { name: kind }, spec: { targetRefs: [{ name: kind }], from: 'control', check: CHECKS[kind], intervalSeconds: 0.5, timeoutSeconds: 0.5, failureThreshold: 1 } }))
  await mesh.commit([agent('buyer'), ...agents, ...probes])
  await syncStaticInstances(db, 'local')
  const errors: Error[] = []
  things.use(startProbes({ db, mesh: 'local', outside: { allow: parseAllowList('127.0.0.1') }, state: mesh.control.state, similarity: async () => 0, onError: (error) => errors.push(error) }))
  const buyer = await mesh.addProxy('buyer')
  const statesAre = (what: string, count: number) => eventually(what, 60_000, async () => (await db.pool.query(`select 1 from probe_state where ok`)).rowCount === count)
  await statesAre('every instance is well', 2 * KINDS.length)
  for (const kind of KINDS) await eventually(`${kind} answers`, 30_000, async () => (await buyer.out.call(kind, { path: '/work' })).status === 200)

  return {
    async round() {
      const load = openLoop(CALLS_PER_SECOND * KINDS.length, async (n) => {
        const kind = KINDS[n % KINDS.length] ?? 'http'
        return { kind, ...(await buyer.out.call(kind, { path: '/work' })) }
      })
      await eventually('both instances of each are called', 30_000, () => KINDS.every((kind) => ['sick', 'well'].every((name) => load.results.some((one) => one.kind === kind && one.body === name))))
      const broke = Date.now()
      for (const one of sick.values()) await one.setBroken(true)
      await statesAre('every broken instance is seen', KINDS.length)
      await eventually('nobody is sent there any more', 30_000, () => load.results.length > 0 && KINDS.every((kind) => Date.now() - lastBad(load.results, kind) > SETTLED_MS))
      const results = await load.stop()
      const effects = Object.fromEntries(KINDS.map((kind) => [kind, Math.max(0, lastBad(results, kind) - broke)])) as Effects // one of each kind
      for (const one of sick.values()) await one.setBroken(false)
      await statesAre('every instance is well again', 2 * KINDS.length)
      await sleep(200)
      if (errors[0]) throw errors[0]
      return effects
    },
    [Symbol.asyncDispose]: () => things.disposeAsync(),
  }
}

function lastBad(results: readonly { kind: Kind; body: string; startedAt: number }[], kind: Kind): number {
  return Math.max(0, ...results.filter((one) => one.kind === kind && one.body !== 'well').map(({ startedAt }) => startedAt))
}

/** An instance that answers its name to calls, and well or not to the probe of its kind. */
async function startInstance(kind: Kind, name: string): Promise<TestInstance> {
  let broken = false
  const server: Server | NetServer = kind === 'grpc' ? createHttp2Server((request, response) => answerGrpc(request, response, name, broken)) : createServer((request, response) => void answer(request, response, name, broken))
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo // a TCP server's address is never a string
  const close = () => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  }
  return {
    port,
    async setBroken(now) {
      broken = now
      if (kind !== 'tcp') return
      if (now) close()
      else await listen(port)
    },
    [Symbol.asyncDispose]: async () => close(),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, name: string, broken: boolean): Promise<void> {
  const json = (value: unknown) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  switch (request.url) {
    case '/health':
    case '/task':
      return void response.end(broken ? 'lorem ipsum' : 'well')
    case '/.well-known/agent-card.json':
      return json({ name: 'loom', supportedInterfaces: [{ url: 'http://localhost/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }], skills: [{ id: broken ? 'another' : 'weave' }] })
    case '/rpc':
      return json(broken ? { ok: true } : { jsonrpc: '2.0', id: 1, error: { code: -32_001, message: 'no such task' } })
    case '/mcp': {
      if (broken) return void response.writeHead(500).end()
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
      const mcp = new McpServer({ name: 'search', version: '1' })
      await mcp.connect(transport as Parameters<typeof mcp.connect>[0]) // the SDK's own types differ under exactOptionalPropertyTypes
      return transport.handleRequest(request, response)
    }
    default:
      response.end(name)
  }
}

/** `grpc.health.v1`: SERVING is 1, NOT_SERVING 2. */
function answerGrpc(request: Http2ServerRequest, response: Http2ServerResponse, name: string, broken: boolean): void {
  if (request.url !== '/grpc.health.v1.Health/Check') return void response.end(name)
  response.addTrailers({ 'grpc-status': '0' })
  response.writeHead(200, { 'content-type': 'application/grpc' })
  response.end(Buffer.from([0, 0, 0, 0, 2, 0x08, broken ? 2 : 1]))
}
