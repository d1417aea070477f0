// One supervisor a home: the lock names the process that holds it, so that a killed one's lock is nobody's.
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MeshError } from '../contracts/errors.ts'
import { writePrivate, type HomePaths } from './home.ts'
import { isAlive, processStartedAt } from './process-time.ts'

const Lock = z.object({ pid: z.number().int(), startedAt: z.string(), url: z.string() })
export type Lock = z.infer<typeof Lock>

const fileOf = (home: HomePaths) => join(home.run, 'supervisor.lock')

/** The living supervisor of a home, null when none runs. */
export function readLock(home: HomePaths): Lock | null {
  return readLockFile(fileOf(home))
}

function readLockFile(path: string): Lock | null {
  try {
    const lock = Lock.parse(JSON.parse(readFileSync(path, 'utf8')))
    return isAlive(lock.pid, lock.startedAt) ? lock : null
  } catch {
    return null // none, or one that a kill left half written: its writer is gone
  }
}

/** Throws `conflict`, saying which process runs and where its console is, when one does. */
export function takeLock(home: HomePaths, url: string): Disposable {
  const startedAt = processStartedAt(process.pid)
  if (startedAt === null) throw new MeshError('internal', 'this system does not say when a process began')
  const mine = join(home.run, `supervisor.lock.${process.pid}`)
  writePrivate(mine, `${JSON.stringify({ pid: process.pid, startedAt, url } satisfies Lock)}\n`)
  try {
    if (!link(mine, fileOf(home))) {
      refuseSecond(home)
      moveDeadLock(home, `${mine}.dead`)
      if (!link(mine, fileOf(home))) refuseSecond(home)
    }
  } finally {
    rmSync(mine, { force: true })
  }
  return { [Symbol.dispose]: () => readLock(home)?.pid === process.pid && rmSync(fileOf(home), { force: true }) }
}

/** Of two starters that both saw the dead lock the slower one moves the quicker one's: it is put back. */
function moveDeadLock(home: HomePaths, aside: string): void {
  try {
    renameSync(fileOf(home), aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return // the other starter has moved it
    throw error
  }
  if (readLockFile(aside)) link(aside, fileOf(home))
  rmSync(aside, { force: true })
}

function refuseSecond(home: HomePaths): void {
  const running = readLock(home)
  if (running)
    throw new MeshError('conflict', `Heddle already runs here (pid ${running.pid}, home ${home.dir}). "npm run stop" ends it; HEDDLE_HOME and the port settings start another beside it.\nConsole: ${running.url}`)
}

/** A hard link is the one way to make a file whole and only where none is. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false // what fs throws has a code
    throw error
  }
}
