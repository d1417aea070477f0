// Control and sidecars as real processes on a test's database, without web and collector: join tokens come straight from the store.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Rotation } from '../contracts/security.ts'
import type { Db } from '../db/client.ts'
import type { Wish } from '../identity/rotation-plan.ts'
import { requestRotation, wishRotation } from '../identity/rotation-wishes.ts'
import { createJoinToken } from '../identity/tokens.ts'
import { readRotation } from '../queries/rotations.ts'
import { listProcesses } from '../run/registry.ts'
import { freePort } from './free-port.ts'
import { cleanEnvironment } from './heddle.ts'
import { callWithHandshake } from './handshakes.ts'
import { callerThrough, eventually, type CallResult, type Caller } from './load.ts'

export const TEST_MESH = { name: 'local', trustDomain: 'weave.test' }
export const TEST_SECRET_KEY = Buffer.alloc(32, 7).toString('base64')

export interface ControlProcess extends AsyncDisposable {
  readonly process: ChildProcess
  readonly port: number
  output(): string
  kill(): Promise<void>
  /** After a kill: on the same port. */
  start(): Promise<void>
}

export interface SidecarMesh extends AsyncDisposable {
  db: Db
  home: string
  /** What its processes run with. */
  env: NodeJS.ProcessEnv
  control: ControlProcess
  token(agent: string, lifeMs?: number): Promise<string>
  /** Starts an agent and its sidecar; waits until it is ready. */
  join(agent: string, options?: JoinOptions): Promise<JoinedAgent>
  /** Returns the rotation's id. */
  rotate(): Promise<string>
  wish(rotation: string, wish: Wish): Promise<void>
  /** Waits for a state and step. */
  rotationAt(id: string, state: Rotation['state'], step: Rotation['step'], withinMs?: number): Promise<Rotation>
  /** One call from agent to agent over a connection of its own, past the callers' pools. */
  handshake(from: JoinedAgent, to: JoinedAgent): Promise<Pick<CallResult, 'status' | 'error'>>
}

export interface JoinOptions {
  version?: string
  waitReady?: boolean
  /** More of the sidecar's command line. */
  flags?: string[]
  /** How the agent answers; with its name and version when it is left out. */
  answer?: RequestListener
  /** Where the agent listens; loopback alone when it is left out. */
  host?: string
}

export interface JoinedAgent {
  agent: string
  proxyId: string
  dir: string
  received: { path: string; headers: IncomingHttpHeaders }[]
  readonly process: ChildProcess
  readonly out: Caller
  output(): string
  /** Pid of its Envoy as the home lists it. */
  envoyPid(): number
  inboundPort(): number
  ready(withinMs?: number): Promise<void>
  /** SIGKILL to the sidecar alone. */
  kill(): Promise<void>
  /** SIGTERM, and its end. */
  stop(): Promise<void>
  /** The same command line again, its token used up long ago. */
  start(): void
  /** The agent's process as its callers see it: nothing listens there any more, and its connections end; and again on the same port. */
  stopAgent(): void
  startAgent(): Promise<void>
}

/** Takes the database over: it is closed at the end. */
export async function startSidecarMesh(db: Db, settings: Record<string, string> = {}): Promise<SidecarMesh> {
  const things = new AsyncDisposableStack()
  things.use(db)
  const home = await mkdtemp(join(tmpdir(), 'heddle-sm-'))
  things.defer(() => rm(home, { recursive: true, force: true }))
  things.defer(() => endEnvoys(home))
  const env: NodeJS.ProcessEnv = {
    ...cleanEnvironment(),
    HEDDLE_HOME: home,
    DATABASE_URL: db.url,
    HEDDLE_SECRET_KEY: TEST_SECRET_KEY,
    HEDDLE_TRUST_DOMAIN: TEST_MESH.trustDomain,
    HEDDLE_XDS_PORT: String(await freePort()),
    HEDDLE_OTLP_GRPC_PORT: String(await freePort()),
    ...settings,
  }
  const control = things.use(await startControlProcess(env))
  const token = async (agent: string, lifeMs?: number) =>
    (await createJoinToken(db.pool, { mesh: TEST_MESH.name, namespace: 'default', agent, createdBy: 'test', lifeMs })).token
  return {
    db,
    home,
    env,
    control,
    token,
    rotate: () => requestRotation(db, { mesh: TEST_MESH.name, by: 'test', reason: 'a test' }),
    wish: (id, wish) => wishRotation(db, { mesh: TEST_MESH.name, id, wish, by: 'test' }),
    rotationAt: (id, state, step, withinMs = 30_000) =>
      eventually(`the rotation is ${state} at ${step}`, withinMs, async () => {
        const rotation = await readRotation(db, TEST_MESH.name, id)
        if (rotation?.state === state && rotation.step === step) return rotation
        throw new Error(JSON.stringify(rotation))
      }),
    async handshake(from, to) {
      return callWithHandshake(from, { port: to.inboundPort(), spiffeId: `spiffe://${TEST_MESH.trustDomain}/ns/default/agent/${to.agent}`, host: `${to.agent}.default.mesh` })
    },
    join: (agent, join = {}) => joinAgent({ agent, env, things, token, controlPort: control.port, home, ...join }),
    [Symbol.asyncDispose]: () => things.disposeAsync(),
  }
}

export async function startControlProcess(env: NodeJS.ProcessEnv): Promise<ControlProcess> {
  let output = ''
  let child: ChildProcess
  const start = async () => {
    child = spawn(process.execPath, [resolve('server/control.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (output += String(part)))
    const from = output.length
    await eventually('control is ready', 90_000, () => {
      if (child.exitCode !== null) throw new Error(`control ended: ${output}`)
      return output.slice(from).includes('control is ready')
    })
  }
  await start()
  return {
    get process() {
      return child
    },
    port: Number(env.HEDDLE_XDS_PORT),
    output: () => output,
    start,
    kill: () => end(child, 'SIGKILL'),
    [Symbol.asyncDispose]: () => end(child, 'SIGTERM'),
  }
}

async function joinAgent(options: JoinOptions & { agent: string; env: NodeJS.ProcessEnv; things: AsyncDisposableStack; token: SidecarMesh['token']; controlPort: number; home: string }): Promise<JoinedAgent> {
  const { agent, version = 'v1', env, things, home } = options
  const received: JoinedAgent['received'] = []
  const server = createServer((request, response) => {
    received.push({ path: request.url ?? '', headers: request.headers })
    if (options.answer) options.answer(request, response)
    else response.end(`${agent} ${version}`)
  })
  await new Promise<void>((done) => server.listen(0, options.host ?? '127.0.0.1', done))
  const stopAgent = () => {
    server.close()
    server.closeAllConnections()
  }
  things.defer(stopAgent)
  const { port } = server.address() as AddressInfo // a TCP server's address is never a string
  const outbound = await freePort()
  const out = things.use(callerThrough(outbound))
  const proxyId = `${agent}-${version}-${port}`
  const args = [resolve('server/cli/heddle.mjs'), 'sidecar', '--agent', agent, '--version', version, '--port', String(port), '--control', `127.0.0.1:${options.controlPort}`]
  args.push('--outbound-port', String(outbound), '--token', await options.token(agent), ...(options.flags ?? []))
  let output = ''
  let child: ChildProcess
  let from = 0
  const start = () => {
    from = output.length
    child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (output += String(part)))
  }
  start()
  const envoy = () => listProcesses(home).find((entry) => entry.role === 'envoy' && entry.name === proxyId)
  let inbound = 0
  const joined: JoinedAgent = {
    agent,
    proxyId,
    dir: join(home, 'sidecars', proxyId),
    received,
    get process() {
      return child
    },
    out,
    output: () => output,
    envoyPid: () => envoy()?.pid ?? 0,
    inboundPort: () => (inbound ||= envoy()?.ports.inbound ?? 0),
    async ready(withinMs = 60_000) {
      await eventually(`${proxyId} is ready`, withinMs, () => {
        if (child.exitCode !== null) throw new Error(`${proxyId} ended: ${output}`)
        return output.slice(from).includes('Ready: ')
      })
    },
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
    start,
    stopAgent,
    startAgent: () => new Promise<void>((done) => server.listen(port, options.host ?? '127.0.0.1', done)),
  }
  things.defer(() => joined.stop())
  if (options.waitReady !== false) await joined.ready()
  return joined
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  child.kill('SIGCONT') // a stopped process cannot hear
  await ended
}

/** An Envoy outlives a killed sidecar; not the test. */
async function endEnvoys(home: string): Promise<void> {
  for (const { role, pid } of listProcesses(home)) if (role === 'envoy') process.kill(pid, 'SIGKILL')
}
