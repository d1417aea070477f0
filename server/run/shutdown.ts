import type { Logger } from './log.ts'
import { messageOf } from '../contracts/errors.ts'

const STOP_TIMEOUT_MS = 15_000

/**
 * The life of a process: `start` puts what it starts on the stack, in order; SIGTERM or SIGINT takes it down backwards.
 * Exits 0 after a clean stop, 1 when the start failed or the stop took too long. A second signal ends it at once.
 */
export async function runUntilStopped(log: Logger, start: (things: AsyncDisposableStack) => Promise<void>): Promise<never> {
  const things = new AsyncDisposableStack()
  const asked = untilSignal()
  try {
    await start(things)
  } catch (error) {
    log.fatal({ error: describe(error) }, messageOf(error))
    await stop(log, things)
    process.exit(1)
  }
  const signal = await asked
  log.info({ signal }, 'stopping')
  process.exit(await stop(log, things))
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1)
      asked = true
      resolve(signal)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}

async function stop(log: Logger, things: AsyncDisposableStack): Promise<0 | 1> {
  const late = setTimeout(() => {
    log.error(`did not stop within ${STOP_TIMEOUT_MS / 1000} s`)
    process.exit(1)
  }, STOP_TIMEOUT_MS)
  try {
    await things.disposeAsync()
    return 0
  } catch (error) {
    log.error({ error: describe(error) }, `while stopping: ${messageOf(error)}`)
    return 1
  } finally {
    clearTimeout(late)
  }
}

/** The chain of causes in words; stacks are for what nobody expected. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  return { name: error.name, stack: error.name === 'MeshError' ? undefined : error.stack, cause: error.cause === undefined ? undefined : messageOf(error.cause) }
}
