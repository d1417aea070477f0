// Group commit: what arrives while one transaction runs goes into the next. A request is answered by the outcome of its transaction. Where many wait,
// the next one is laid out while the one before is on its way.
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, MeshError } from '#server/contracts/errors.ts'

export const BATCH = {
  /** Bytes of requests that may wait for a commit, in all. */
  bytesMax: 64 * 1024 * 1024,
  /** A transaction takes requests up to this: larger ones cost as much by the span, and their memory and their wait are longer. */
  commitBytes: 1024 * 1024,
  /** Where one of that size takes longer than `slowMs`, as on a machine with much else to do, fewer and larger ones get through sooner. */
  slowMs: 100,
  slowCommitBytes: 4 * 1024 * 1024,
  /** What one sender may have of that: a loud one fills the rest with nobody's leave. */
  senderBytesMax: 48 * 1024 * 1024,
  /** A request that waits longer is refused as retryable; a large one has the time that its bytes take beside that. */
  waitMs: 1000,
  storedBytesPerMs: 4 * 1024,
  /** Company that a request waits for; it costs this much acknowledgement time and saves most of the commits. */
  gatherMs: 10,
  retryMs: 100,
}

interface Waiting<Row> {
  sender: string
  rows: readonly Row[]
  bytes: number
  settled: boolean
  resolve(): void
  reject(error: MeshError): void
}

export interface Batch<Row> extends AsyncDisposable {
  /**
   * Resolves after the commit. Rejects with `unavailable` when full, when the wait is over, or when the store is away.
   * `sender` is whoever shares a place in the line: those who wait take turns, however much one of them has waiting.
   */
  add(rows: readonly Row[], bytes: number, sender: string): Promise<void>
  readonly waitingBytes: number
}

/** Lays rows out, and answers how to commit them. */
export type Write<Row> = (rows: readonly Row[]) => Promise<() => Promise<void>>

/** One commit at a time, in order. A refusal of rows (not of the store) is tried once more, request by request. */
export function openBatch<Row>(write: Write<Row>, onFailure: (error: unknown) => void, limits = BATCH): Batch<Row> {
  let queue: Waiting<Row>[] = []
  let queuedBytes = 0
  /** Of the queue, and of what is on its way. */
  let waitingBytes = 0
  const bytesOf = new Map<string, number>()
  /** When each sender of those that wait had its last turn. */
  const turns = new Map<string, number>()
  let turn = 0
  let stopping = false
  let running: Promise<void> | null = null

  const settle = (waiting: Waiting<Row>, error?: MeshError) => {
    if (waiting.settled) return
    waiting.settled = true
    waitingBytes -= waiting.bytes
    const own = bytesOf.get(waiting.sender)! - waiting.bytes // counted when it came
    if (own > 0) bytesOf.set(waiting.sender, own)
    else {
      bytesOf.delete(waiting.sender)
      turns.delete(waiting.sender)
    }
    if (error) waiting.reject(error)
    else waiting.resolve()
  }

  const setQueue = (next: Waiting<Row>[]) => {
    queue = next
    queuedBytes = next.reduce((sum, waiting) => sum + waiting.bytes, 0)
  }
  let isSlow = false
  const roomBytes = () => (isSlow ? limits.slowCommitBytes : limits.commitBytes)
  const isFull = () => queuedBytes >= roomBytes()
  let full = Promise.withResolvers<void>()
  const untilFull = () => (full = Promise.withResolvers<void>()).promise

  async function run(): Promise<void> {
    let before = Promise.resolve()
    for (;;) {
      if (queue.length === 0) await before
      if (queue.length === 0) break
      if (!stopping && !isFull()) await sleep(limits.gatherMs)
      const taken = take()
      if (taken.length === 0) continue
      const layingOut = write(taken.flatMap((waiting) => waiting.rows))
      layingOut.catch(() => {}) // said below, once the commit before is through
      await before
      before = finish(taken, layingOut)
      if (!isFull()) await Promise.race([before, untilFull()])
    }
    running = null
  }

  async function finish(taken: readonly Waiting<Row>[], layingOut: Promise<() => Promise<void>>): Promise<void> {
    try {
      const commit = await layingOut
      const began = performance.now()
      await commit()
      isSlow = performance.now() - began > limits.slowMs * Math.max(1, taken.reduce((sum, { bytes }) => sum + bytes, 0) / limits.commitBytes)
      for (const waiting of taken) settle(waiting)
    } catch (error) {
      onFailure(error)
      await retry(taken, error)
    }
  }

  function take(): Waiting<Row>[] {
    const taken = new Set<Waiting<Row>>()
    let bytes = 0
    turn++
    for (const waiting of inTurns(queue, turns)) {
      if (taken.size > 0 && bytes + waiting.bytes > roomBytes()) break
      bytes += waiting.bytes
      taken.add(waiting)
      turns.set(waiting.sender, turn)
    }
    setQueue(queue.filter((waiting) => !taken.has(waiting)))
    return [...taken].filter((waiting) => !waiting.settled)
  }

  /** The store is away: they wait on, in front. A row the store refuses: each request alone, so that one cannot take others along. */
  async function retry(taken: readonly Waiting<Row>[], error: unknown): Promise<void> {
    if (!isRefusal(error)) {
      setQueue([...taken.filter((waiting) => !waiting.settled), ...queue])
      if (stopping) for (const waiting of queue) settle(waiting, unavailable('the collector is stopping'))
      else await sleep(limits.retryMs)
      return
    }
    for (const waiting of taken) {
      try {
        if (!waiting.settled) await (await write(waiting.rows))()
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
    add(rows, bytes, sender) {
      if (rows.length === 0) return Promise.resolve()
      if (stopping) return Promise.reject(unavailable('the collector is stopping'))
      if (waitingBytes + bytes > limits.bytesMax) return Promise.reject(unavailable(`${limits.bytesMax} bytes already wait to be stored`))
      const own = (bytesOf.get(sender) ?? 0) + bytes
      if (own > bytes && own > limits.senderBytesMax) return Promise.reject(unavailable(`${limits.senderBytesMax} bytes of this sender already wait to be stored`))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiting: Waiting<Row> = { sender, rows, bytes, settled: false, resolve, reject }
      waitingBytes += bytes
      bytesOf.set(sender, own)
      queue.push(waiting)
      queuedBytes += bytes
      if (isFull()) full.resolve()
      const waitMs = limits.waitMs + Math.ceil(bytes / limits.storedBytesPerMs)
      const late = setTimeout(() => {
        setQueue(queue.filter((other) => other !== waiting)) // its memory goes with it, also while a transaction hangs
        settle(waiting, unavailable(`not stored within ${waitMs} ms`))
      }, waitMs)
      running ??= run()
      return promise.finally(() => clearTimeout(late))
    },
    async [Symbol.asyncDispose]() {
      stopping = true
      await running
    },
  }
}

/** The first of each sender, then the second of each, and so on; whoever had no turn for longest begins. */
function* inTurns<Row>(queue: readonly Waiting<Row>[], turns: ReadonlyMap<string, number>): Generator<Waiting<Row>> {
  const lines = [...Map.groupBy(queue, (waiting) => waiting.sender)]
  if (lines.length < 2) return yield* queue
  lines.sort(([a], [b]) => (turns.get(a) ?? 0) - (turns.get(b) ?? 0))
  for (let place = 0, isMore = true; isMore; place++) {
    isMore = false
    for (const [, line] of lines) {
      if (place >= line.length) continue
      isMore = true
      yield line[place]! // in bounds
    }
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
