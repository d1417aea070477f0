// A process that is started again whenever it dies, more slowly each time.
import { spawn, type ChildProcess } from 'node:child_process'
import { constants, getPriority, setPriority } from 'node:os'
import { endProcess } from './end-process.ts'
import type { Logger } from './log.ts'
import { openLogFile } from './log-file.ts'
import { processStartedAt } from './process-time.ts'
import { announceProcess, listProcesses, type AnnouncedProcess } from './registry.ts'

/** A start that dies this often before it was ever ready will not come right by itself. */
const DEATHS_MAX = 4
const BACK_OFF = { firstMs: 200, lastMs: 10_000, steadyMs: 30_000 }

export interface ChildOptions {
  role: string
  command: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  cwd?: string
  home: string
  logs: string
  log: Logger
  graceMs: number
  /** Added to the niceness of this process; 0 is as it is. */
  niceness: number
  /** True for work that can be done: an exit with code 0 is then not a death. */
  mayFinish?: boolean
  /** Runs after the process died unasked, before it is started again. */
  afterDeath?: () => Promise<void>
}

export interface Child {
  readonly role: string
  readonly pid: number | null
  /** True when the process has announced itself as ready, false when it has not after `timeoutMs` or keeps dying. */
  untilReady(timeoutMs: number, stop: AbortSignal): Promise<boolean>
  stop(): Promise<void>
}

/** Starts a process in a group of its own, its words in `ROLE.log`, and keeps it alive until `stop`. */
export function keepAlive(options: ChildOptions): Child {
  let current: { process: ChildProcess; startedAt: string; entry: AnnouncedProcess } | null = null
  let stopping = false
  let waitMs = BACK_OFF.firstMs
  let deaths = 0
  let timer: NodeJS.Timeout | undefined

  const start = () => {
    const began = Date.now()
    const child = spawnInto(options)
    child.once('error', (error) => options.log.error({ child: options.role }, `cannot start ${options.role}: ${error.message}`))
    const startedAt = child.pid === undefined ? null : processStartedAt(child.pid)
    if (child.pid !== undefined && startedAt !== null) {
      const entry = announceProcess({ role: options.role, state: 'starting', pid: child.pid, home: options.home })
      current = { process: child, startedAt, entry }
    }
    child.once('close', (code, signal) => void onEnd(began, code, signal))
  }

  const onEnd = async (began: number, code: number | null, signal: NodeJS.Signals | null) => {
    const ended = current
    current = null
    await ended?.entry[Symbol.asyncDispose]()
    if (stopping) return
    if (options.mayFinish && code === 0) return options.log.info({ child: options.role }, `${options.role} has finished`)
    if (Date.now() - began > BACK_OFF.steadyMs) waitMs = BACK_OFF.firstMs
    deaths += 1
    options.log.warn({ child: options.role, code, signal, waitMs }, `${options.role} ended; it is started again`)
    await options.afterDeath?.()
    if (stopping) return
    timer = setTimeout(start, waitMs)
    waitMs = Math.min(waitMs * 2, BACK_OFF.lastMs)
  }

  start()
  return {
    role: options.role,
    get pid() {
      return current?.process.pid ?? null
    },
    async untilReady(timeoutMs, stop) {
      const deadline = Date.now() + timeoutMs
      while (Date.now() < deadline && !stopping && !stop.aborted && deaths < DEATHS_MAX) {
        const pid = current?.process.pid
        if (listProcesses(options.home).some((entry) => entry.pid === pid && entry.role === options.role && entry.state === 'ready')) return true
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      return false
    },
    async stop() {
      stopping = true
      clearTimeout(timer)
      if (!current) return
      const { process: child, startedAt } = current
      const closed = new Promise((resolve) => child.once('close', resolve))
      const forced = await endProcess({ pid: child.pid!, startedAt }, { graceMs: options.graceMs }) // a current process has a pid
      if (forced) options.log.warn({ child: options.role }, `${options.role} did not stop within ${options.graceMs / 1000} s and was ended`)
      await closed
    },
  }
}

function spawnInto(options: ChildOptions): ChildProcess {
  using file = openLogFile(options.logs, options.role)
  const child = spawn(options.command, [...options.args], { env: options.env, cwd: options.cwd, stdio: ['ignore', file.fd, file.fd], detached: true })
  // At once: a thread has the niceness that its maker had when it was made.
  if (child.pid !== undefined && options.niceness > 0) setPriority(child.pid, Math.min(getPriority() + options.niceness, constants.priority.PRIORITY_LOW))
  return child
}
