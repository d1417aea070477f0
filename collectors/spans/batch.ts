// Group commit: what arrives while one transaction runs goes into the next. A request is answered by the outcome of its transaction.
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, MeshError } from '#server/contracts/errors.ts'

export const BATCH = {
  /** Bytes of requests that may wait for a commit, in all. */
  bytesMax: 64 * 1024 * 1024,
  /** A transaction takes requests up to this. */
  commitBytes: 4 * 1024 * 1024,
  /** A request that waits longer is refused as retryable. */
  waitMs: 1000,
  /** Company that a request waits for; it costs this much acknowledgement time and saves most of the commits. */
  gatherMs: 10,
  retryMs: 100,
}

interface Waiting<Row> {
  rows: readonly Row[]
  bytes: number
  settled: boolean
  resolve(): void
  reject(error: MeshError): void
}

export interface Batch<Row> extends AsyncDisposable {
  /** Resolves after the commit. Rejects with `unavailable` when full, when the wait is over, or when the store is away. */
  add(rows: readonly Row[], bytes: number): Promise<void>
  readonly waitingBytes: number
}

/** `write` commits the rows or throws; a refusal of rows (not of the store) is tried once more, request by request. */
export function openBatch<Row>(write: (rows: readonly Row[]) => Promise<void>, onFailure: (error: unknown) => void, limits = BATCH): Batch<Row> {
  let queue: Waiting<Row>[] = []
  let waitingBytes = 0
  let stopping = false
  let running: Promise<void> | null = null

  const settle = (waiting: Waiting<Row>, error?: MeshError) => {
    if (waiting.settled) return
    waiting.settled = true
    waitingBytes -= waiting.bytes
    if (error) waiting.reject(error)
    else waiting.resolve()
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      if (!stopping) await sleep(limits.gatherMs)
      const taken = take()
      if (taken.length === 0) continue
      try {
        await write(taken.flatMap((waiting) => waiting.rows))
        for (const waiting of taken) settle(waiting)
      } catch (error) {
        onFailure(error)
        await retry(taken, error)
      }
    }
    running = null
  }

  function take(): Waiting<Row>[] {
    let bytes = 0
    let count = 0
    while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= limits.commitBytes)) bytes += queue[count++]!.bytes // within length
    const taken = queue.slice(0, count).filter((waiting) => !waiting.settled)
    queue = queue.slice(count)
    return taken
  }

  /** The store is away: they wait on, in front. A row the store refuses: each request alone, so that one cannot take others along. */
  async function retry(taken: Waiting<Row>[], error: unknown): Promise<void> {
    if (!isRefusal(error)) {
      queue = [...taken.filter((waiting) => !waiting.settled), ...queue]
      if (stopping) for (const waiting of queue) settle(waiting, unavailable('the collector is stopping'))
      else await sleep(limits.retryMs)
      return
    }
    for (const waiting of taken) {
      try {
        if (!waiting.settled) await write(waiting.rows)
        settle(waiting)
      } catch (again) {
        onFailure(again)
        settle(waiting, isRefusal(again) ? new MeshError('internal', `cannot store these rows: ${messageOf(again)}`, { cause: again }) : unavailable('the store is away'))
      }
    }
  }

  return {
    get waitingBytes() {
      return waitingBytes
    },
    add(rows, bytes) {
      if (rows.length === 0) return Promise.resolve()
      if (stopping) return Promise.reject(unavailable('the collector is stopping'))
      if (waitingBytes + bytes > limits.bytesMax) return Promise.reject(unavailable(`${limits.bytesMax} bytes already wait to be stored`))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiting: Waiting<Row> = { rows, bytes, settled: false, resolve, reject }
      waitingBytes += bytes
      queue.push(waiting)
      const late = setTimeout(() => {
        queue = queue.filter((other) => other !== waiting) // its memory goes with it, also while a transaction hangs
        settle(waiting, unavailable(`not stored within ${limits.waitMs} ms`))
      }, limits.waitMs)
      running ??= run()
      return promise.finally(() => clearTimeout(late))
    },
    async [Symbol.asyncDispose]() {
      stopping = true
      await running
    },
  }
}

function unavailable(why: string): MeshError {
  return new MeshError('unavailable', `${why}; send it again`)
}

/** PostgreSQL's data exceptions and constraint violations speak of the rows; everything else of the store. */
function isRefusal(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return code.startsWith('22') || code.startsWith('23')
}
