// When which probe is due: intervals with jitter, a budget for what costs money, and longer pauses while an instance stays away.
import type { HealthProbeSpec, ProbeOrder, ProbeResult } from '../contracts/health-probe.ts'
import { runCheck, type ProbeMemory, type ProbeTarget } from './check.ts'

/** After so many failures in a row each pause is twice the one before, up to this many times the interval. */
const BACKOFF = { after: 5, timesMax: 8 }
const HOUR_MS = 3_600_000
const FIRST_MS = 200
/** Results that wait to be sent; beyond, the oldest go. */
const WAITING_MAX = 256

export interface Probing extends Disposable {
  /** Starts, changes and stops probes so that exactly these run. */
  follow(orders: readonly ProbeOrder[]): void
  /** What was found since the last call, oldest first. */
  take(): ProbeResult[]
  /** Puts back what could not be sent. */
  putBack(results: readonly ProbeResult[]): void
}

interface Running {
  order: string
  stop(): void
}

/** `onNews` is called when a result differs from the one before it, or comes while one was failing: somebody should hear of it now. */
export function startProbing(target: ProbeTarget, onNews: () => void): Probing {
  const running = new Map<string, Running>()
  let waiting: ProbeResult[] = []
  const keep = (results: readonly ProbeResult[]) => (waiting = results.slice(-WAITING_MAX))
  return {
    follow(orders) {
      const wanted = new Map(orders.map((order) => [order.probe, order]))
      for (const [probe, one] of running) {
        const order = wanted.get(probe)
        if (order && JSON.stringify(order.spec) === one.order) continue
        one.stop()
        running.delete(probe)
      }
      for (const [probe, { spec }] of wanted) {
        if (running.has(probe)) continue
        const stop = runProbe(target, spec, (found, news) => {
          keep([...waiting, { probe, ...found }])
          if (news) onNews()
        })
        running.set(probe, { order: JSON.stringify(spec), stop })
      }
    },
    take() {
      const results = waiting
      waiting = []
      return results
    },
    putBack: (results) => void keep([...results, ...waiting]),
    [Symbol.dispose]() {
      for (const { stop } of running.values()) stop()
    },
  }
}

function runProbe(target: ProbeTarget, spec: HealthProbeSpec, report: (found: Omit<ProbeResult, 'probe'>, news: boolean) => void): () => void {
  const memory: ProbeMemory = {}
  const recent: number[] = []
  let failures = 0
  let last = ''
  let stopped = false
  const round = async () => {
    const now = Date.now()
    while (recent[0] !== undefined && recent[0] <= now - HOUR_MS) recent.shift()
    if (spec.perHourMax === undefined || recent.length < spec.perHourMax) {
      recent.push(now)
      const found = await runCheck(target, spec, memory)
      if (stopped) return
      failures = found.ok ? 0 : failures + 1
      const said = `${found.ok} ${found.said}`
      // Each of the failures that a threshold counts is told at once; a long failure is no news.
      report(found, said !== last || (!found.ok && failures <= spec.failureThreshold) || (found.ok && spec.successThreshold > 1))
      last = said
    }
    if (!stopped) timer = setTimeout(() => void round(), pauseMs(spec, failures))
  }
  let timer = setTimeout(() => void round(), Math.random() * Math.min(FIRST_MS, spec.intervalSeconds * 1000))
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** Milliseconds until the next look. */
export function pauseMs({ intervalSeconds, jitter }: Pick<HealthProbeSpec, 'intervalSeconds' | 'jitter'>, failures: number, random = Math.random()): number {
  const times = failures <= BACKOFF.after ? 1 : Math.min(2 ** (failures - BACKOFF.after), BACKOFF.timesMax)
  return intervalSeconds * 1000 * times * (1 + jitter * (2 * random - 1))
}
