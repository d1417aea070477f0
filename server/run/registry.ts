// Every process of a home says who it is in a small file, so that `heddle status`, a stop and the next start find it.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MeshError } from '../contracts/errors.ts'
import { readConfig } from '../config.ts'
import { homePaths, writePrivate } from './home.ts'
import { isAlive, processStartedAt } from './process-time.ts'

/** Set by a supervisor for all that it starts; what has another owner, or none, is left alone by its stop. */
export const OWNER_VARIABLE = 'HEDDLE_SUPERVISOR'

const RunningProcess = z.object({
  role: z.string(),
  /** Which one of its role, such as `translator-v1`; the role where there is one. */
  name: z.string(),
  pid: z.number().int(),
  ports: z.record(z.string(), z.number().int()),
  state: z.string(),
  startedAt: z.string(),
  /** Pid and start time of the supervisor that began it. */
  owner: z.string().nullable(),
})
export type RunningProcess = z.infer<typeof RunningProcess>

export interface Announcement {
  role: string
  name?: string
  /** By what they speak: `{http: 3000}`. */
  ports?: Record<string, number>
  state: 'starting' | 'ready' | 'degraded' | 'draining' | 'stopping'
  /** Of a child announced by its parent; this process by default. */
  pid?: number
  home?: string
}

export interface AnnouncedProcess extends AsyncDisposable {
  update(change: Partial<Pick<Announcement, 'ports' | 'state'>>): void
}

/** Says that a process runs until it is disposed of, or has ended. */
export function announceProcess(announcement: Announcement): AnnouncedProcess {
  const { role, name = role, ports = {}, state, pid = process.pid, home = readConfig().home } = announcement
  const startedAt = processStartedAt(pid)
  if (startedAt === null) throw new MeshError('internal', `cannot announce ${role} ${name}: no process has the pid ${pid}`)
  const { run } = homePaths(home)
  mkdirSync(run, { recursive: true, mode: 0o700 })
  const file = join(run, `${role}-${pid}.json`)
  let entry: RunningProcess = { role, name, pid, ports, state, startedAt, owner: process.env[OWNER_VARIABLE] ?? null }
  const write = () => writePrivate(file, `${JSON.stringify(entry)}\n`)
  write()
  return {
    update(change) {
      entry = { ...entry, ...change }
      write()
    },
    async [Symbol.asyncDispose]() {
      rmSync(file, { force: true })
    },
  }
}

/** What runs in a home now, supervisor first; entries of processes that have ended are removed. */
export function listProcesses(home: string): RunningProcess[] {
  const { run } = homePaths(home)
  const found: RunningProcess[] = []
  for (const file of entriesOf(run)) {
    const entry = readEntry(join(run, file))
    if (entry === null) continue
    if (isAlive(entry.pid, entry.startedAt)) found.push(entry)
    else rmSync(join(run, file), { force: true })
  }
  return found.sort((a, b) => rank(a.role) - rank(b.role) || a.role.localeCompare(b.role) || a.name.localeCompare(b.name) || a.pid - b.pid)
}

const ORDER = ['supervisor', 'postgres', 'control', 'collector', 'web', 'sample', 'sidecar', 'envoy', 'agent']

function rank(role: string): number {
  const position = ORDER.indexOf(role)
  return position < 0 ? ORDER.length : position
}

function entriesOf(run: string): string[] {
  try {
    return readdirSync(run).filter((file) => /^[a-z-]+-\d+\.json$/.test(file))
  } catch {
    return [] // a home that was never started
  }
}

function readEntry(path: string): RunningProcess | null {
  try {
    return RunningProcess.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null // removed meanwhile
  }
}
