// The Envoy beside the agent: started, watched, started again, and adopted when a killed sidecar left it running.
import { spawn } from 'node:child_process'
import { MeshError } from '../contracts/errors.ts'
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

export function runEnvoy(options: EnvoyProcessOptions): EnvoyProcess {
  const { adopt, log } = options
  const adopted = adopt && isAlive(adopt.pid, adopt.startedAt) ? adopt : null
  if (adopted) log(`the Envoy with pid ${adopted.pid} still runs and is kept`)
  let current = adopted ?? start(options)
  let entry = announce(options, current)
  let since = Date.now()
  let waitMs = RESTART_MS.first
  let restart: NodeJS.Timeout | undefined

  const watch = setInterval(() => {
    if (restart || isAlive(current.pid, current.startedAt)) return
    if (Date.now() - since > RESTART_MS.steadyAfter) waitMs = RESTART_MS.first
    log(`Envoy with pid ${current.pid} ended; it is started again`)
    void entry[Symbol.asyncDispose]()
    restart = setTimeout(() => {
      restart = undefined
      try {
        current = start(options)
        entry = announce(options, current)
      } catch (error) {
        log(String(error))
      }
      since = Date.now()
    }, waitMs)
    waitMs = Math.min(waitMs * 2, RESTART_MS.last)
  }, WATCH_MS)

  return {
    get pid() {
      return current.pid
    },
    setReady: (ready) => entry.update({ state: ready ? 'ready' : 'starting' }),
    async [Symbol.asyncDispose]() {
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

/** In a group of its own: a Ctrl-C is the sidecar's to answer, which drains first. */
function start({ path, bootstrapFile, logs, remember }: EnvoyProcessOptions): EnvoyMark {
  using file = openLogFile(logs, 'envoy')
  const args = ['-c', bootstrapFile, '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'warning', '--drain-time-s', '10']
  const child = spawn(path, args, { stdio: ['ignore', file.fd, file.fd], detached: true })
  child.once('error', () => {}) // said below: it has no pid then
  const startedAt = child.pid === undefined ? null : processStartedAt(child.pid)
  if (child.pid === undefined || startedAt === null) throw new MeshError('unavailable', `Envoy at ${path} cannot be started`)
  const mark = { pid: child.pid, startedAt }
  remember(mark)
  return mark
}

function announce({ home, name, ports }: EnvoyProcessOptions, { pid }: EnvoyMark): AnnouncedProcess {
  return announceProcess({ role: 'envoy', name, pid, ports, state: 'starting', home })
}
