// A whole Heddle through its public start, in a home and on ports of its own, beside any other.
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../config.ts'
import { listProcesses, type RunningProcess } from '../run/registry.ts'
import { freePort } from './free-port.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const START_TIMEOUT_MS = 150_000
const STOP_TIMEOUT_MS = 60_000

export interface StartHeddleOptions {
  /** Settings on top of a home and ports of its own; the sample fleet is off unless it is asked for. */
  env?: Record<string, string>
  /** Short for `HEDDLE_SAMPLE`. */
  sample?: 'on' | 'off' | 'auto'
  /** A home to go on with, kept at the end. */
  home?: string
}

export interface RunningHeddle extends AsyncDisposable {
  url: string
  /** `HEDDLE_ADMIN_TOKEN` of this one. */
  token: string
  home: string
  /** When its start was called. */
  startedAt: Date
  /** Of xDS and enrolment, OTLP over gRPC and HTTP, and the sample's gateway. */
  ports: { console: number; xds: number; otlpGrpc: number; otlpHttp: number; sampleGateway: number }
  /** The environment that the command line needs to reach it. */
  env: Record<string, string>
  /** What the start printed so far. */
  output(): string
  processes(): RunningProcess[]
  /** The one process of a role. Throws when there is none, or more than one. */
  process(role: string): RunningProcess
  /** `kill -9` of every process of a role; returns their pids. */
  kill(role: string, signal?: NodeJS.Signals): number[]
  /** The next sign-in link, from `heddle sign-in`. */
  signInLink(): Promise<string>
  cli(args: readonly string[], options?: { input?: string }): Promise<CommandResult>
  /** SIGTERM to the start, and its end. The home stays until disposal. */
  stop(): Promise<number | null>
}

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Starts a Heddle and waits until it has said where its console is. */
export async function startHeddle(options: StartHeddleOptions = {}): Promise<RunningHeddle> {
  const startedAt = new Date()
  const home = options.home ?? (await makeHome())
  const env: Record<string, string> = {
    HEDDLE_HOME: home,
    HEDDLE_CONSOLE_PORT: String(await freePort()),
    HEDDLE_XDS_PORT: String(await freePort()),
    HEDDLE_OTLP_GRPC_PORT: String(await freePort()),
    HEDDLE_OTLP_HTTP_PORT: String(await freePort()),
    HEDDLE_SAMPLE_GATEWAY_PORT: String(await freePort()),
    HEDDLE_ADMIN_TOKEN: `hdl_${randomBytes(32).toString('base64url')}`,
    HEDDLE_SAMPLE: options.sample ?? 'off',
    ...options.env,
  }
  const settings = readConfig({ ...env, NODE_ENV: 'test' })
  const command = startCommand({ ...cleanEnvironment(), ...env })
  const url = await command.untilLine(/^Console: (\S+)$/m, START_TIMEOUT_MS)
  const cli = (args: readonly string[], more: { input?: string } = {}) => runCommand(['server/cli/heddle.mjs', ...args], { ...cleanEnvironment(), ...env }, more.input)
  const processes = () => listProcesses(home)
  return {
    url,
    token: settings.adminToken,
    home,
    startedAt,
    ports: { console: settings.consolePort, xds: settings.xdsPort, otlpGrpc: settings.otlpGrpcPort, otlpHttp: settings.otlpHttpPort, sampleGateway: settings.sampleGatewayPort },
    env,
    output: command.output,
    processes,
    process(role) {
      const found = listProcesses(home).filter((entry) => entry.role === role)
      if (found.length !== 1 || !found[0]) throw new Error(`${found.length} processes have the role ${role}`)
      return found[0]
    },
    kill(role, signal = 'SIGKILL') {
      const pids = listProcesses(home).filter((entry) => entry.role === role).map((entry) => entry.pid)
      for (const pid of pids) process.kill(pid, signal)
      return pids
    },
    async signInLink() {
      const { stdout, stderr } = await cli(['sign-in'])
      const link = /https?:\/\/\S+/.exec(stdout)?.[0]
      if (!link) throw new Error(`heddle sign-in printed no link: ${stdout}${stderr}`)
      return link
    },
    cli,
    stop: command.stop,
    async [Symbol.asyncDispose]() {
      await command.stop()
      await runCommand(['server/cli/heddle.mjs', 'stop'], { ...cleanEnvironment(), ...env }) // after a test that killed the supervisor
      if (!options.home) await rm(home, { recursive: true, force: true })
    },
  }
}

/** A directory for a home; PostgreSQL, as a user of its own, must pass through it. */
export async function makeHome(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-e2e-'))
  await chmod(directory, 0o711)
  return join(directory, 'home')
}

/** The settings of whoever runs the tests reach none of the processes. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of Object.keys(env)) if (/^(HEDDLE_|DATABASE_URL|OTEL_|VITEST|NODE_ENV)/.test(name)) delete env[name]
  return env
}

function startCommand(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['server/cli/heddle.mjs', 'start', '--role', 'supervisor'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true })
  child.channel?.unref() // it only tells a Heddle that its test was killed
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return {
    output: () => text,
    async untilLine(pattern: RegExp, timeoutMs: number): Promise<string> {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        const found = pattern.exec(text)?.[1]
        if (found) return found
        if (child.exitCode !== null) throw new Error(`the start ended with code ${child.exitCode}:\n${text}`)
        if (Date.now() > deadline) throw new Error(`the start did not finish within ${timeoutMs / 1000} s:\n${text}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      const code = await ended
      clearTimeout(late)
      return code
    },
  }
}

export async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv, input?: string): Promise<CommandResult> {
  const child = spawn(process.execPath, [...args], { cwd: ROOT, env, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  child.stdin?.end(input)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}
