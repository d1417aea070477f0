import { messageOf } from '../contracts/errors.ts'
import type { EnvoyAdmin } from './envoy-admin.ts'
import type { Heartbeat } from './heartbeat.ts'

/** Callers learn of it by endpoint discovery; until then they still may call. */
const SETTLE_MS = 1000
const IN_FLIGHT_MS = 7000
const POLL_MS = 100

/** Out of rotation first, then the last answers: a stop costs no call. */
export async function drain({ heartbeat, admin, log }: { heartbeat: Heartbeat; admin: EnvoyAdmin; log: (sentence: string) => void }): Promise<void> {
  await heartbeat.drain()
  await pause(SETTLE_MS)
  try {
    await admin.failHealthCheck()
    const deadline = Date.now() + IN_FLIGHT_MS
    while ((await admin.countActive()) > 0) {
      if (Date.now() > deadline) {
        log(`some requests still run after ${IN_FLIGHT_MS / 1000} s; they are cut`)
        break
      }
      await pause(POLL_MS)
    }
  } catch (error) {
    log(`Envoy cannot be drained: ${messageOf(error)}`)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
