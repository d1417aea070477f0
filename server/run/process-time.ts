// When a process began. A pid comes back after its process is gone; a pid with its start time does not.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** An opaque mark of the process that has this pid now; null when none runs (one that has ended and waits to be collected is gone). */
export function processStartedAt(pid: number): string | null {
  return process.platform === 'linux' ? startedAtLinux(pid) : startedAtPs(pid)
}

/** True while the very process that was marked still runs. */
export function isAlive(pid: number, startedAt: string): boolean {
  return processStartedAt(pid) === startedAt
}

let bootId: string | undefined

function startedAtLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command in parentheses may hold spaces and parentheses; field 3 (state) follows its last one. proc_pid_stat(5)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    return `${bootId}-${fields[19]}`
  } catch {
    return null // no such process
  }
}

function startedAtPs(pid: number): string | null {
  try {
    const [state, ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split(/\s+/)
    return !state || state.startsWith('Z') ? null : start.join(' ')
  } catch {
    return null // ps answers 1 for a pid that is free
  }
}
