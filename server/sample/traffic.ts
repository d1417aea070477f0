// The traffic source: an open loop, so that a slow fleet is seen as slow and not as idle. Never retries.
import { taskNumber } from './tasks.ts'

const IN_FLIGHT_MAX = 128
const TICK_MS = 20
const TASK_TIMEOUT_MS = 30_000

export interface TrafficCounts {
  started: number
  ok: number
  failed: number
  /** Due while `IN_FLIGHT_MAX` tasks were under way. */
  skipped: number
  inFlight: number
}

export interface Traffic {
  readonly counts: Readonly<TrafficCounts>
  /** Nothing is sent before: a fleet that is still joining would only fail. */
  begin(): void
  setRate(tasksPerSecond: number): void
  /** Starts no more and waits for what is under way, at most `graceMs`. */
  stop(graceMs: number): Promise<void>
}

/** Sends tasks to the gateway at `url`; begins at rate 0. */
export function startTraffic(url: string): Traffic {
  const counts: TrafficCounts = { started: 0, ok: 0, failed: 0, skipped: 0, inFlight: 0 }
  let begun = false
  let rate = 0
  let owed = 0
  let last = performance.now()

  const send = async () => {
    const task = taskNumber(counts.started)
    counts.started += 1
    counts.inFlight += 1
    const ok = await postTask(url, task)
    counts.inFlight -= 1
    counts[ok ? 'ok' : 'failed'] += 1
  }
  const timer = setInterval(() => {
    const now = performance.now()
    // After a pause of the machine one second's worth is made up for, not all of it.
    owed = Math.min(owed + (begun ? ((now - last) / 1000) * rate : 0), Math.max(1, rate))
    last = now
    for (; owed >= 1; owed -= 1) {
      if (counts.inFlight >= IN_FLIGHT_MAX) counts.skipped += 1
      else void send()
    }
  }, TICK_MS)

  return {
    counts,
    begin() {
      begun = true
    },
    setRate(tasksPerSecond) {
      rate = tasksPerSecond
    },
    async stop(graceMs) {
      clearInterval(timer)
      const deadline = Date.now() + graceMs
      while (counts.inFlight > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
    },
  }
}

async function postTask(url: string, task: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ task }),
      signal: AbortSignal.timeout(TASK_TIMEOUT_MS),
    })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false // refused or cut off: counted as a failed task
  }
}
