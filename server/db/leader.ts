// One of many processes does what must be done once: it holds an advisory lock of PostgreSQL for as long as its connection lives.
import { createHash } from 'node:crypto'
import pg from 'pg'

const RETRY_MS = 1000
const CHECK_MS = 1000
const ANSWER_MS = 3000

export interface Leadership extends AsyncDisposable {
  readonly leading: boolean
}

export interface LeaderOptions {
  /** What is led, such as `retention`: one leader a name and database. */
  name: string
  /** Runs while this process leads; must end soon after `signal` aborts. Called again at the next election. */
  lead: (signal: AbortSignal) => Promise<void>
  onError?: (error: Error) => void
}

/**
 * Stands for election until disposed of. A lost connection aborts `lead` and stands again; another process may be elected up to
 * a second before the old leader notices, so what is led must bear being done twice (a row lock, a unique key).
 */
export function electLeader(databaseUrl: string, options: LeaderOptions): Leadership {
  const stopping = new AbortController()
  let leading = false
  const say = (error: unknown) => options.onError?.(error instanceof Error ? error : new Error(String(error)))

  const term = async () => {
    const client = new pg.Client({ connectionString: databaseUrl, application_name: `heddle-leader-${options.name}`, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS, keepAlive: true })
    const lost = new AbortController()
    const lose = () => lost.abort()
    client.on('error', lose)
    client.on('end', lose)
    stopping.signal.addEventListener('abort', lose)
    try {
      await client.connect()
      if (!(await tryLock(client, options.name))) return
      leading = true
      const held = holdLock(client, lost)
      await Promise.all([options.lead(lost.signal).finally(lose), held])
    } finally {
      leading = false
      stopping.signal.removeEventListener('abort', lose)
      await client.end().catch(() => {}) // its end is what gives the lock away
    }
  }

  const ended = (async () => {
    while (!stopping.signal.aborted) {
      await term().catch(say)
      await pause(RETRY_MS, stopping.signal)
    }
  })()

  return {
    get leading() {
      return leading
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await ended
    },
  }
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const key = createHash('sha256').update(`heddle-leader-${name}`).digest().readBigInt64BE(0).toString()
  const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [key])
  return rows[0]?.got === true
}

/** Asks the connection each second: a half-open one never ends by itself. */
async function holdLock(client: pg.Client, lost: AbortController): Promise<void> {
  while (!lost.signal.aborted) {
    await pause(CHECK_MS, lost.signal)
    if (!lost.signal.aborted) await client.query('select 1').catch(() => lost.abort())
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
