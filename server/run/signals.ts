// A terminal's Ctrl-C reaches every process in front, and npm and the launcher pass it on: what comes within this time is one request.
const SAME_REQUEST_MS = 1500

/** Aborts at SIGTERM, SIGINT or SIGHUP, or when the launcher that started this process is gone. A later second request ends it at once. */
export function untilAskedToStop(): AbortSignal {
  const asked = new AbortController()
  let firstAt = 0
  const onRequest = (why: string) => {
    if (firstAt === 0) {
      firstAt = Date.now()
      asked.abort(why)
    } else if (why !== 'disconnect' && Date.now() - firstAt > SAME_REQUEST_MS) process.exit(1)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => onRequest(signal))
  process.on('disconnect', () => onRequest('disconnect'))
  return asked.signal
}

export function aborted(signal: AbortSignal): Promise<void> {
  return signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
