/** Allows `max` failures a window per key; memory is bounded by `keysMax`, the oldest key is forgotten first. */
export interface FailureLimiter {
  /** Seconds until the next try is looked at; 0 when one is welcome now. */
  waitS(key: string): number
  failed(key: string): void
  /** Takes one failure back: a try is counted before its outcome is known, so that parallel ones cannot slip through. */
  forgiven(key: string): void
  succeeded(key: string): void
}

interface Failures {
  count: number
  until: number
}

export function failureLimiter(options: { max: number; windowMs: number; keysMax?: number; now?: () => number }): FailureLimiter {
  const { max, windowMs, keysMax = 10_000, now = Date.now } = options
  const failures = new Map<string, Failures>()
  const current = (key: string) => {
    const entry = failures.get(key)
    if (entry && entry.until <= now()) failures.delete(key)
    return failures.get(key)
  }
  return {
    waitS(key) {
      const entry = current(key)
      return entry && entry.count >= max ? Math.max(1, Math.ceil((entry.until - now()) / 1000)) : 0
    },
    failed(key) {
      const entry = current(key) ?? { count: 0, until: now() + windowMs }
      entry.count += 1
      failures.delete(key) // re-inserted last, so that the first key is the one longest quiet
      failures.set(key, entry)
      if (failures.size > keysMax) failures.delete(failures.keys().next().value!) // size > 0, so there is a first key
    },
    forgiven(key) {
      const entry = current(key)
      if (entry && entry.count > 0) entry.count -= 1
    },
    succeeded(key) {
      failures.delete(key)
    },
  }
}
