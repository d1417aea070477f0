// Where the store of a home is: DATABASE_URL, or the embedded PostgreSQL, which is kept alive here.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { homePaths, readPrivate, writePrivate, type HomePaths } from './home.ts'
import { tryListen } from './doors.ts'
import type { Logger } from './log.ts'
import { lineWriter } from './log-file.ts'
import { startPostgres, type EmbeddedPostgres } from './postgres.ts'
import { announceProcess, type AnnouncedProcess } from './registry.ts'

const Kept = z.object({ port: z.number().int(), password: z.string() })
type Kept = z.infer<typeof Kept>

const RESTART = { firstMs: 200, lastMs: 10_000 }

export interface Database extends AsyncDisposable {
  url: string
}

/** The store's URL for a command on this machine. Throws `unavailable` where the home has none yet. */
export function databaseUrlOf(config: Pick<Config, 'databaseUrl' | 'home'>): string {
  if (config.databaseUrl) return config.databaseUrl
  const kept = readKept(homePaths(config.home))
  if (!kept) throw new MeshError('unavailable', `${config.home} holds no store yet; "npm start" makes one, or set DATABASE_URL`)
  return urlOf(kept)
}

/** Starts the embedded PostgreSQL of a home and starts it again whenever it dies; same port and password for life. */
export async function keepPostgresAlive(home: HomePaths, log: Logger): Promise<Database> {
  const kept = await chooseAndKeep(home)
  const lines = lineWriter(home.logs, 'postgres')
  let server: EmbeddedPostgres | undefined
  let entry: AnnouncedProcess | undefined
  let stopping = false
  let retry: Promise<void> = Promise.resolve()

  const start = async () => {
    const started = await startPostgres({ dataDir: home.pg, port: kept.port, password: kept.password, onLine: lines.write })
    server = started
    entry = announceProcess({ role: 'postgres', state: 'ready', ports: { postgresql: kept.port }, pid: started.process.pid, home: home.dir })
    started.process.once('exit', (code, signal) => {
      if (stopping) return
      log.warn({ code, signal }, 'PostgreSQL ended; it is started again')
      retry = restart()
    })
  }
  const restart = async () => {
    await entry?.[Symbol.asyncDispose]()
    for (let waitMs = RESTART.firstMs; !stopping; waitMs = Math.min(waitMs * 2, RESTART.lastMs)) {
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      if (stopping) return
      try {
        return await start()
      } catch (error) {
        log.error(`PostgreSQL did not come back: ${messageOf(error)}`) // its old children may still hold the data directory; they end soon
      }
    }
  }

  await start()
  return {
    url: urlOf(kept),
    async [Symbol.asyncDispose]() {
      stopping = true
      await retry
      await server?.stop()
      await entry?.[Symbol.asyncDispose]()
      lines[Symbol.dispose]()
    },
  }
}

function urlOf(kept: Kept): string {
  return `postgresql://heddle:${kept.password}@127.0.0.1:${kept.port}/heddle`
}

function readKept(home: HomePaths): Kept | null {
  const text = readPrivate(home.postgres)
  return text === null ? null : Kept.parse(JSON.parse(text))
}

/** The password stays with the data; the port moves when somebody else has taken it. */
async function chooseAndKeep(home: HomePaths): Promise<Kept> {
  const before = readKept(home)
  if (before && (await tryListen('127.0.0.1', before.port)) === null) return before
  const kept = { port: await freePort(), password: before?.password ?? randomBytes(24).toString('base64url') }
  writePrivate(home.postgres, `${JSON.stringify(kept)}\n`)
  return kept
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
