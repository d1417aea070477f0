// An agent of any name for tests: a plain HTTP server on a Unix socket, knowing nothing of Heddle, beside `heddle sidecar`.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'
import { callerThrough, type Caller } from './load.ts'

export interface PlainAgentOptions {
  name: string
  version?: string
  /** Where the Heddle lives; the sidecar mints its join token through it. */
  home: string
  env?: Record<string, string>
  /** Status for a path; 200 when it gives nothing. */
  status?: (path: string) => number | undefined
  /** Milliseconds each answer takes. */
  delayMs?: number
  /** More of the sidecar's command line. */
  flags?: readonly string[]
}

export interface ReceivedRequest {
  path: string
  headers: IncomingHttpHeaders
  status: number
}

export interface PlainAgent extends AsyncDisposable {
  readonly name: string
  readonly version: string
  readonly received: ReceivedRequest[]
  readonly outboundPort: number
  /** The `heddle sidecar` process; its Envoy is its child. */
  readonly sidecar: ChildProcess
  /** A client that goes out through this agent's sidecar. */
  readonly out: Caller
  readonly socket: string
  /** What the sidecar has printed. */
  output(): string
  /** Stops the sidecar in order. */
  leave(): Promise<void>
  /** Starts the sidecar process again after it was killed. */
  restartSidecar(): void
}

const HEDDLE = resolve('server/cli/heddle.mjs')

/** Starts the server, then the sidecar; use `ready` of the mesh to wait for the instance. */
export async function startPlainAgent(options: PlainAgentOptions): Promise<PlainAgent> {
  const { name, version = 'v1', home, env = {}, status = () => undefined, delayMs = 0 } = options
  const directory = await mkdtemp(join(tmpdir(), 'heddle-plain-'))
  const socket = join(directory, 'agent.sock')
  const received: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const code = status(path) ?? 200
    if (path !== '/.well-known/agent-card.json') received.push({ path, headers: request.headers, status: code })
    const body = JSON.stringify({ agent: name, version })
    setTimeout(() => response.writeHead(code, { 'content-type': 'application/json', 'x-agent-version': version }).end(body), delayMs)
    request.resume()
  })
  server.keepAliveTimeout = 75_000
  await new Promise<void>((done) => server.listen(socket, done))
  const outboundPort = await freePort()
  let output = ''
  const begin = () => {
    const args = [HEDDLE, 'sidecar', '--agent', name, '--version', version, '--socket', socket, '--outbound-port', String(outboundPort), ...(options.flags ?? [])]
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env, HEDDLE_HOME: home }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    return child
  }
  let sidecar = begin()
  const out = callerThrough(outboundPort)
  const leave = async () => {
    if (sidecar.exitCode !== null || sidecar.signalCode !== null) return
    const ended = once(sidecar, 'exit')
    sidecar.kill('SIGTERM')
    sidecar.kill('SIGCONT') // a stopped process cannot hear
    await ended
  }
  return {
    name,
    version,
    received,
    outboundPort,
    get sidecar() {
      return sidecar
    },
    out,
    socket,
    output: () => output,
    leave,
    restartSidecar() {
      sidecar = begin()
    },
    async [Symbol.asyncDispose]() {
      await leave()
      out[Symbol.dispose]()
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
