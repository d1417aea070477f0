// A migrated PostgreSQL for one run of a benchmark, which may kill it and bring it back; its directory goes with it.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../db/migrate.ts'
import { startPostgres } from '../run/postgres.ts'
import { freePort } from './free-port.ts'

export interface OwnPostgres extends AsyncDisposable {
  /** Stays the same over a kill. */
  url: string
  /** Its own, and for whatever else goes with it. */
  directory: string
  /** Of the postmaster, while it runs. */
  readonly pid: number
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
