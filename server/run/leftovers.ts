// What a killed supervisor left running is ended before the next one starts anything.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { endProcess } from './end-process.ts'
import type { HomePaths } from './home.ts'
import { isAlive, processStartedAt } from './process-time.ts'
import { listProcesses, type RunningProcess } from './registry.ts'

const GRACE_MS = 5000
const POSTGRES_GRACE_MS = 15_000

/** Ends what supervisors that are gone had started, agents first and PostgreSQL last; returns their names. What others started stays. */
export async function endLeftovers(home: HomePaths): Promise<string[]> {
  const left = listProcesses(home.dir).filter((entry) => entry.owner !== null && entry.role !== 'supervisor' && !ownerLives(entry.owner))
  const ended = await endInOrder(left)
  const postgres = findStrayPostgres(home)
  if (postgres) await endProcess(postgres, { graceMs: POSTGRES_GRACE_MS, signal: 'SIGINT' })
  return postgres ? [...ended, 'postgres'] : ended
}

/** Ends processes backwards in the order of `listProcesses`, one role at a time. */
export async function endInOrder(processes: readonly RunningProcess[]): Promise<string[]> {
  const roles = [...new Set(processes.map((entry) => entry.role))].reverse()
  for (const role of roles) {
    const graceMs = role === 'postgres' ? POSTGRES_GRACE_MS : GRACE_MS
    const signal = role === 'postgres' ? 'SIGINT' : 'SIGTERM'
    await Promise.all(processes.filter((entry) => entry.role === role).map((entry) => endProcess(entry, { graceMs, signal })))
  }
  return processes.map((entry) => entry.name)
}

/** `PID@START` of this process, as children carry it. */
export function ownerMark(): string {
  return `${process.pid}@${processStartedAt(process.pid)}`
}

function ownerLives(owner: string): boolean {
  const [pid = '', ...startedAt] = owner.split('@')
  return isAlive(Number(pid), startedAt.join('@'))
}

/** A PostgreSQL of this home that nobody announced: its supervisor died in the moment between. */
function findStrayPostgres(home: HomePaths): { pid: number; startedAt: string } | null {
  try {
    const pid = Number(readFileSync(join(home.pg, 'postmaster.pid'), 'utf8').split('\n')[0])
    const startedAt = processStartedAt(pid)
    return startedAt !== null && commandOf(pid).includes(home.pg) ? { pid, startedAt } : null
  } catch {
    return null // no such file: it was stopped in order, or never started
  }
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
}
