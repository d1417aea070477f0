const EVERY_MS = 1000

/** Asks the store once a second whether it answers; `problem` is null while it does. */
export function watchStore(ping: () => Promise<void>): AsyncDisposable & { problem: string | null } {
  const watch = {
    problem: 'the store has not answered yet' as string | null,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
    },
  }
  let asking = false
  const ask = async () => {
    if (asking) return void (watch.problem = 'the store does not answer')
    asking = true
    try {
      await ping()
      watch.problem = null
    } catch {
      watch.problem = 'the store is away: telemetry is refused as retryable'
    } finally {
      asking = false
    }
  }
  void ask()
  const timer = setInterval(() => void ask(), EVERY_MS)
  return watch
}
