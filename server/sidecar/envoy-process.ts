// The Envoy beside the agent: started, watched, started again, and adopted when a killed sidecar left it running.
import { spawn } from 'node:child_process'
import { messageOf, MeshError } from '../contracts/errors.ts'
import { endProcess } from '../run/end-process.ts'
import { openLogFile } from '../run/log-file.ts'
import { isAlive, processStartedAt } from '../run/process-time.ts'
import { announceProcess, type AnnouncedProcess } from '../run/registry.ts'

const WATCH_MS = 250
const RESTART_MS = { first: 100, last: 5000, steadyAfter: 10_000 }
const GRACE_MS = 2000

export interface EnvoyMark {
  pid: number
  startedAt: string
}

export interface EnvoyProcessOptions {
  path: string
  bootstrapFile: string
  /** Where its words go. */
  logs: string
  home: string
  name: string
  ports: Record<string, number>
  /** Left by an earlier life of this sidecar, with the same bootstrap. */
  adopt: EnvoyMark | null
  /** So that the next life finds it. */
  remember: (mark: EnvoyMark) => void
  log: (sentence: string) => void
}

export interface EnvoyProcess extends AsyncDisposable {
  readonly pid: number
  setReady(ready: boolean): void
}

export async function runEnvoy(options: EnvoyProcessOptions): Promise<EnvoyProcess> {
  const { adopt, log } = options
  const adopted = adopt && isAlive(adopt.pid, adopt.startedAt) ? adopt : null
  if (adopted) log(`the Envoy with pid ${adopted.pid} still runs and is kept`)
  let current = adopted ?? (await start(options))
  let entry = announce(options, current)
  let since = Date.now()
  let waitMs = RESTART_MS.first
  let restart: NodeJS.Timeout | undefined
  let stopped = false

  const watch = setInterval(() => {
    if (restart || isAlive(current.pid, current.startedAt)) return
    if (Date.now() - since > RESTART_MS.steadyAfter) waitMs = RESTART_MS.first
    log(`Envoy with pid ${current.pid} ended; it is started again`)
    void entry[Symbol.asyncDispose]()
    restart = setTimeout(() => void startAgain(), waitMs)
    waitMs = Math.min(waitMs * 2, RESTART_MS.last)
  }, WATCH_MS)

  const startAgain = async () => {
    try {
      current = await start(options)
      entry = announce(options, current)
      if (stopped) await endProcess(current, { graceMs: GRACE_MS })
    } catch (error) {
      log(messageOf(error))
    }
    since = Date.now()
    restart = undefined
  }

  return {
    get pid() {
      return current.pid
    },
    setReady: (ready) => entry.update({ state: ready ? 'ready' : 'starting' }),
    async [Symbol.asyncDispose]() {
      stopped = true
      clearInterval(watch)
      clearTimeout(restart)
      await endProcess(current, { graceMs: GRACE_MS })
      await entry[Symbol.asyncDispose]()
    },
  }
}

/** Ends what an earlier life left and this one cannot use. */
export async function endLeftover(mark: EnvoyMark | null): Promise<void> {
  if (mark) await endProcess(mark, { graceMs: GRACE_MS })
}

/**
 * In a group of its own: a Ctrl-C is the sidecar's to answer, which drains first. And by way of a shell that ends at once: Envoy asks
 * Linux to be told of its parent's death (PR_SET_PDEATHSIG) and would go with a killed sidecar, its calls with it.
 */
async function start({ path, bootstrapFile, logs, remember }: EnvoyProcessOptions): Promise<EnvoyMark> {
  using file = openLogFile(logs, 'envoy')
  // Its `config` logger repeats what Envoy refuses, a private key that somebody put there included. Control has the words, without it.
  const quiet = ['--log-level', 'warning', '--component-log-level', 'config:error']
  const args = ['-c', bootstrapFile, '--use-dynamic-base-id', '--concurrency', '1', '--drain-time-s', '10', ...quiet]
  const shell = spawn('/bin/sh', ['-c', '"$0" "$@" >&2 & echo $!', path, ...args], { stdio: ['ignore', 'pipe', file.fd], detached: true })
  const said = await new Promise<string>((resolve, reject) => {
    let text = ''
    shell.stdout?.on('data', (part: Buffer) => (text += part.toString()))
    shell.once('error', reject)
    shell.once('close', () => resolve(text))
  })
  const pid = Number(said)
  const startedAt = Number.isInteger(pid) && pid > 0 ? processStartedAt(pid) : null
  if (startedAt === null) throw new MeshError('unavailable', `Envoy at ${path} did not start; ${file.path} has its words`)
  const mark = { pid, startedAt }
  remember(mark)
  return mark
}

function announce({ home, name, ports }: EnvoyProcessOptions, { pid }: EnvoyMark): AnnouncedProcess {
  return announceProcess({ role: 'envoy', name, pid, ports, state: 'starting', home })
}
