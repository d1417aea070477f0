import { isAlive } from './process-time.ts'
import type { RunningProcess } from './registry.ts'

const POLL_MS = 50

/** Asks a process to stop, waits, and ends it and its group by force after `graceMs`. Returns true when force was needed. */
export async function endProcess(process_: Pick<RunningProcess, 'pid' | 'startedAt'>, options: { graceMs: number; signal?: NodeJS.Signals }): Promise<boolean> {
  const { pid, startedAt } = process_
  if (!isAlive(pid, startedAt)) return false
  send(pid, options.signal ?? 'SIGTERM')
  send(pid, 'SIGCONT') // a stopped process cannot hear
  if (await hasEnded(pid, startedAt, options.graceMs)) return false
  send(-pid, 'SIGKILL')
  send(pid, 'SIGKILL')
  await hasEnded(pid, startedAt, options.graceMs)
  return true
}

async function hasEnded(pid: number, startedAt: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (isAlive(pid, startedAt)) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return true
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has ended already, or leads no group
  }
}
