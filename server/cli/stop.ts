import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'
import { homePaths, type HomePaths } from '../run/home.ts'
import { endLeftovers } from '../run/leftovers.ts'
import { readLock } from '../run/lock.ts'
import { isAlive } from '../run/process-time.ts'

const STOP_TIMEOUT_MS = 100_000

export function register(program: Command): void {
  program
    .command('stop')
    .description('stop the Heddle of this home')
    .addHelpText('after', '\nAgents and sidecars that you started yourself go on.\n\nExample:\n  heddle stop\n')
    .action(() => stopHeddle(homePaths(readConfig().home)))
}

/** Asks the supervisor to stop and waits until it has; what a killed one left is ended too. */
export async function stopHeddle(home: HomePaths): Promise<void> {
  const running = readLock(home)
  if (running) {
    process.kill(running.pid, 'SIGTERM')
    const deadline = Date.now() + STOP_TIMEOUT_MS
    while (isAlive(running.pid, running.startedAt)) {
      if (Date.now() > deadline) throw new MeshError('unavailable', `the supervisor (pid ${running.pid}) did not stop within ${STOP_TIMEOUT_MS / 1000} s; "heddle status" shows what is left`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const left = await endLeftovers(home)
  if (left.length > 0) console.log(`Ended what a killed Heddle had left running: ${left.join(', ')}`)
  console.log(running || left.length > 0 ? 'Stopped' : `No Heddle runs in ${home.dir}`)
}
