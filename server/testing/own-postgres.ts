// A migrated PostgreSQL for one run of a benchmark, which may kill it and bring it back; its directory goes with it.
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../db/migrate.ts'
import { startPostgres } from '../run/postgres.ts'
import { freePort } from './free-port.ts'

const TICK_MS = 10 // USER_HZ is 100 on Linux

export interface OwnPostgres extends AsyncDisposable {
  /** Stays the same over a kill. */
  url: string
  /** Its own, and for whatever else goes with it. */
  directory: string
  /** Of the postmaster, while it runs. */
  readonly pid: number
  /** User and system time of all its processes so far, those that ended included. */
  cpuMs(): Promise<number>
  kill(): Promise<void>
  start(): Promise<void>
}

export async function ownPostgres(): Promise<OwnPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-bench-'))
  await chmod(directory, 0o711) // PostgreSQL runs as another user under root
  const port = await freePort()
  const open = () => startPostgres({ dataDir: join(directory, 'pg'), port, password: 'bench' })
  let postgres = await open()
  await migrate(postgres.url)
  return {
    url: postgres.url,
    directory,
    get pid() {
      return postgres.process.pid! // it has started
    },
    async cpuMs() {
      const pid = postgres.process.pid! // it has started
      const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean)
      const times = await Promise.all([readCpuMs(pid), ...children.map((child) => readCpuMs(child).catch(() => 0))]) // one may have ended since
      return times.reduce((sum, ms) => sum + ms, 0)
    },
    async kill() {
      const ended = new Promise((resolve) => postgres.process.once('exit', resolve))
      postgres.process.kill('SIGKILL')
      await ended
    },
    async start() {
      postgres = await open()
    },
    async [Symbol.asyncDispose]() {
      await postgres.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** With the time of its children that ended and were waited for. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function readCpuMs(pid: number | string): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0)
}
