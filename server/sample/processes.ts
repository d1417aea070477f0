// One instance of the fleet: an agent process and its sidecar, each in a process group of its own, started again when one dies.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { spiffeIdOf } from '#server/contracts/ids.ts'
import type { SampleAgentReport } from '#server/contracts/sample.ts'
import { endProcess } from '#server/run/end-process.ts'
import { processStartedAt } from '#server/run/process-time.ts'
import { announceProcess } from '#server/run/registry.ts'
import type { Role } from './fleet.ts'
import { ToRunner, type FromRunner } from './runner-messages.ts'

// After a kill, longer than the lease of an instance (6 s), so that the mesh is seen to do without the dead one before it is back.
const RESTART_MS = { killed: 10_000, gaveUp: 1000 }
const STOP_GRACE_MS = 8000
const REPORT_TIMEOUT_MS = 3000 // the API takes a fleet for gone after five seconds without a report
const HEDDLE = fileURLToPath(new URL('../cli/heddle.mjs', import.meta.url))
const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url))

export interface InstanceOptions {
  agent: Role
  version: string
  /** Tells replicas apart: `researcher-v1-2`. */
  instance: string
  socket: string
  outboundPort: number
  trustDomain: string
  home: string
  env: NodeJS.ProcessEnv
  log: (sentence: string) => void
  /** Called when a process began or ended, with all that run now. */
  onChange: () => void
}

export interface RunningChild {
  pid: number
  startedAt: string
}

export interface Instance {
  readonly options: InstanceOptions
  running(): RunningChild[]
  tell(message: FromRunner): void
  /** The agent process's own counts; null while it does not answer. */
  report(): Promise<SampleAgentReport | null>
  stop(): Promise<void>
}

/** Starts the agent and the sidecar of one instance and keeps both alive. */
export function startInstance(options: InstanceOptions): Instance {
  const agent = keepRunning(options, 'agent', () => spawnAgent(options))
  const sidecar = keepRunning(options, 'sidecar', () => spawnSidecar(options))
  let failureShare: FromRunner = { kind: 'failureShare', share: 0 }
  agent.onStart((child) => child.send(failureShare))
  return {
    options,
    running: () => [agent.current(), sidecar.current()].filter((child) => child !== null),
    tell(message) {
      if (message.kind === 'failureShare') failureShare = message
      if (agent.child()?.connected) agent.child()?.send(message)
    },
    report: () => askCounts(options, agent.child()),
    async stop() {
      await sidecar.stop() // first: it says good-bye to the mesh and drains, while the agent still answers
      await agent.stop()
    },
  }
}

function spawnAgent({ agent, version, instance, socket, outboundPort, trustDomain, env }: InstanceOptions): ChildProcess {
  const spiffeId = spiffeIdOf(trustDomain, 'default', agent)
  const args = ['--role', 'agent', '--name', agent, '--version', version, '--instance', instance, '--socket', socket]
  return spawn(process.execPath, [AGENT, ...args, '--outbound', `http://127.0.0.1:${outboundPort}`, '--spiffe-id', spiffeId], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
}

function spawnSidecar({ agent, version, instance, socket, outboundPort, env }: InstanceOptions): ChildProcess {
  const args = ['sidecar', '--agent', agent, '--version', version, '--socket', socket, '--outbound-port', String(outboundPort), '--name', instance]
  return spawn(process.execPath, [HEDDLE, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
}

function keepRunning(options: InstanceOptions, what: 'agent' | 'sidecar', begin: () => ChildProcess) {
  let child: ChildProcess | null = null
  let started: RunningChild | null = null
  let stopping = false
  let timer: NodeJS.Timeout | undefined
  let afterStart: (child: ChildProcess) => void = () => {}

  const start = () => {
    const begun = begin()
    child = begun
    const startedAt = begun.pid === undefined ? null : processStartedAt(begun.pid)
    started = begun.pid === undefined || startedAt === null ? null : { pid: begun.pid, startedAt }
    // A sidecar announces itself; an agent knows nothing of Heddle's home.
    const entry = what === 'agent' && started ? announceProcess({ role: 'agent', name: options.instance, state: 'ready', pid: started.pid, home: options.home }) : null
    begun.once('error', (error) => options.log(`cannot start the ${what} of ${options.instance}: ${error.message}`))
    begun.once('close', async (code, signal) => {
      await entry?.[Symbol.asyncDispose]()
      child = null
      started = null
      options.onChange()
      if (stopping) return
      const waitMs = signal ? RESTART_MS.killed : RESTART_MS.gaveUp
      options.log(`the ${what} of ${options.instance} ended (${signal ?? `exit ${code}`}); it starts again in ${waitMs / 1000} s`)
      timer = setTimeout(start, waitMs)
    })
    afterStart(begun)
    options.onChange()
  }
  setImmediate(start) // after the caller has set what happens at a start

  return {
    child: () => child,
    current: () => started,
    onStart(work: (child: ChildProcess) => void) {
      afterStart = work
    },
    async stop() {
      stopping = true
      clearTimeout(timer)
      if (!child || !started) return
      const closed = once(child, 'close')
      await endProcess(started, { graceMs: STOP_GRACE_MS })
      await closed
    },
  }
}

async function askCounts({ agent, version, instance }: InstanceOptions, child: ChildProcess | null): Promise<SampleAgentReport | null> {
  if (!child?.connected || child.pid === undefined) return null
  try {
    const answer = untilCounts(child)
    child.send({ kind: 'report' } satisfies FromRunner)
    const { received, strangers } = await answer
    return { agent, version, instance, pid: child.pid, received, strangers }
  } catch {
    return null // it is stopping, or has been stopped from outside
  }
}

async function untilCounts(child: ChildProcess): Promise<Extract<ToRunner, { kind: 'counts' }>> {
  const signal = AbortSignal.timeout(REPORT_TIMEOUT_MS)
  for (;;) {
    const [raw] = (await once(child, 'message', { signal })) as [unknown] // one argument, by Node's IPC
    const message = ToRunner.parse(raw)
    if (message.kind === 'counts') return message
  }
}
