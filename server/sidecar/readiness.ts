// Whether calls that come here would be answered. On a busy machine an answer may be late, so silence must last before it counts; a
// refusal is certain, and still gets a second look.

export type Verdict = 'ready' | 'refused' | 'silent'

/** An agent that dies is out within a second: a look each 0.4 s, a second one after 0.15, and what control and EDS take. */
const LOOK_MS = { ready: 400, not: 150 }
/** In a row, before an instance is taken out of rotation. Each silence is a second or more. */
const MISSES = { refused: 2, silent: 3 }

export interface Readiness extends Disposable {
  readonly ready: boolean
  /** Waits until it is ready, at most so long. */
  settle(withinMs: number): Promise<void>
}

export function watchReadiness(check: () => Promise<Verdict>, onChange: () => void): Readiness {
  let ready = false
  let misses = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const look = async () => {
    const verdict = await check()
    if (stopped) return
    misses = verdict === 'ready' ? 0 : misses + 1
    const next = verdict === 'ready' || (ready && misses < MISSES[verdict])
    if (next !== ready) {
      ready = next
      onChange()
    }
    timer = setTimeout(() => void look(), ready && misses === 0 ? LOOK_MS.ready : LOOK_MS.not)
  }
  void look()
  return {
    get ready() {
      return ready
    },
    async settle(withinMs) {
      const deadline = Date.now() + withinMs
      while (!ready && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
    },
    [Symbol.dispose]() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
