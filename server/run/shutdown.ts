import { messageOf } from '../contracts/errors.ts'
import type { Logger } from './log.ts'
import { aborted, untilAskedToStop } from './signals.ts'

const STOP_TIMEOUT_MS = 15_000

/** Puts what it starts on the stack, in order; looks at `stop` between its steps, since a stop may come before all is started. */
export type Start = (things: AsyncDisposableStack, stop: AbortSignal) => Promise<void>

/**
 * The life of a process: `start`, then SIGTERM or SIGINT takes the stack down backwards.
 * Exits 0 after a clean stop, 1 when the start failed or the stop took too long. A second signal ends it at once.
 */
export async function runUntilStopped(log: Logger, start: Start): Promise<never> {
  const late = () => log.error(`did not stop within ${STOP_TIMEOUT_MS / 1000} s`)
  const failed = (error: unknown) => log.fatal({ error: describe(error) }, messageOf(error))
  process.on('uncaughtException', (error) => {
    failed(error) // whatever else listens (Next does): after an error that nobody expected a fresh process is the safe one
    process.exit(1)
  })
  process.exit(await live(start, { failed, late, stopping: (why) => log.info({ why }, 'stopping'), stopTimeoutMs: STOP_TIMEOUT_MS }))
}

export interface Life {
  /** Returns the exit code, or nothing for 1. */
  failed: (error: unknown) => number | void
  stopping: (why: string) => void
  late: () => void
  stopTimeoutMs: number
}

/** Answers the exit code. */
export async function live(start: Start, life: Life): Promise<number> {
  process.stdout.removeAllListeners('error').on('error', () => {}) // whoever read our words has gone; the work goes on
  const things = new AsyncDisposableStack()
  const stop = untilAskedToStop()
  let code = 0
  try {
    await start(things, stop)
  } catch (error) {
    if (!stop.aborted) code = life.failed(error) ?? 1
  }
  if (code === 0) {
    await aborted(stop)
    life.stopping(String(stop.reason))
  }
  const timer = setTimeout(() => {
    life.late()
    process.exit(1)
  }, life.stopTimeoutMs)
  try {
    await things.disposeAsync()
    return code
  } catch (error) {
    return life.failed(error) ?? 1
  } finally {
    clearTimeout(timer)
  }
}

/** The chain of causes in words; stacks are for what nobody expected. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  return { name: error.name, stack: error.name === 'MeshError' ? undefined : error.stack, cause: error.cause === undefined ? undefined : messageOf(error.cause) }
}
