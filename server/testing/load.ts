// Measuring clients for the tests of the whole mesh: they never retry, and every failure is kept.
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface CallOptions {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string
  timeoutMs?: number
}

export interface CallResult {
  /** 0 when the connection failed. */
  status: number
  headers: IncomingHttpHeaders
  body: string
  error: string | null
  startedAt: number
  tookMs: number
}

/** A keep-alive client of one port, such as a sidecar's outbound listener. */
export interface Caller extends Disposable {
  /** `host` is the name that is asked for, `shop.default.mesh`. */
  call(host: string, options?: CallOptions): Promise<CallResult>
}

export function callerThrough(port: number, connections = 32): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    call: (host, options = {}) => call(agent, port, host, options),
    [Symbol.dispose]: () => agent.destroy(),
  }
}

function call(agent: Agent, port: number, host: string, options: CallOptions): Promise<CallResult> {
  const { method = options.body === undefined ? 'GET' : 'POST', path = '/', headers = {}, body, timeoutMs = 15_000 } = options
  const startedAt = Date.now()
  const began = performance.now()
  return new Promise((resolve) => {
    const done = (status: number, received: IncomingHttpHeaders, text: string, error: string | null) =>
      resolve({ status, headers: received, body: text, error, startedAt, tookMs: performance.now() - began })
    const request = httpRequest({ agent, host: '127.0.0.1', port, method, path, headers: { ...headers, host } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => done(response.statusCode ?? 0, response.headers, text, null))
      response.on('error', (error) => done(0, {}, text, error.message))
    })
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    request.on('error', (error) => done(0, {}, '', error.message))
    request.end(body)
  })
}

/** `total` calls, at most `concurrency` at a time. */
export async function burst<T>(total: number, concurrency: number, one: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async () => {
    while (next < total) results.push(await one(next++))
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return results
}

export interface Stream<T> {
  readonly results: readonly T[]
  /** Starts no more calls and waits for those under way. */
  stop(): Promise<readonly T[]>
}

/** An open loop at `perSecond`; what is late is still sent, so a stall shows as slow or failed calls. */
export function openLoop<T>(perSecond: number, one: (n: number) => Promise<T>): Stream<T> {
  const results: T[] = []
  const underWay = new Set<Promise<void>>()
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    for (const due = ((performance.now() - began) / 1000) * perSecond; sent < due; sent += 1) {
      const running = one(sent).then((result) => void results.push(result))
      underWay.add(running)
      void running.finally(() => underWay.delete(running))
    }
  }, 10)
  return {
    results,
    async stop() {
      clearInterval(timer)
      await Promise.all(underWay)
      return results
    },
  }
}

/** Waits until `check` gives something other than null, undefined or false; fails with `what` after `withinMs`. */
export async function eventually<T>(what: string, withinMs: number, check: () => Promise<T> | T): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const value = await check()
      if (value !== null && value !== undefined && value !== false) return value
      last = value
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`, { cause: last })
    await sleep(50)
  }
}

/** Half the width of the ±4σ band around n·p for n independent calls that each go one way with probability p. */
export function fourSigma(n: number, p: number): number {
  return 4 * Math.sqrt(n * p * (1 - p))
}

/** How many of each value there are. */
export function tally<T>(items: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}
