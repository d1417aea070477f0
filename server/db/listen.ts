import pg from 'pg'

/** Channels of NOTIFY. Payloads are JSON, small: they say what changed, never carry it. */
export const CHANNELS = {
  /** `{mesh, revision}` after a commit. */
  revision: 'heddle_revision',
  /** `{mesh}` after an instance joined, left or changed; with `proxy`, where no other proxy's row did. */
  instance: 'heddle_instance',
  /** `{mesh}` after a proxy's state or acknowledgement changed. */
  proxy: 'heddle_proxy',
  /** `{mesh}` after an identity, authority, trust or rotation changed. */
  identity: 'heddle_identity',
  /** `{mesh, proxy}` after somebody asked something of a proxy. */
  question: 'heddle_question',
  /** `{mesh}` after telemetry landed; at most once a second. */
  telemetry: 'heddle_telemetry',
} as const
export type Channel = keyof typeof CHANNELS

const RETRY_MS = { first: 100, last: 2000 }

/**
 * Calls `onNotify` for each NOTIFY, and `onConnect` after every (re)connection, because what was notified meanwhile is lost:
 * whoever listens reads its state afresh then.
 */
export function listen(
  databaseUrl: string,
  channels: readonly Channel[],
  handlers: { onNotify: (channel: Channel, payload: unknown) => void; onConnect?: () => void; onLost?: (error: Error) => void },
): AsyncDisposable {
  let stopped = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let retryMs = RETRY_MS.first

  const connect = async () => {
    const next = new pg.Client({ connectionString: databaseUrl, application_name: 'heddle-listen', connectionTimeoutMillis: 3000, keepAlive: true })
    client = next
    const lost = (error: Error) => {
      if (client !== next) return
      client = undefined
      next.end().catch(() => {}) // it is already broken
      if (stopped) return
      handlers.onLost?.(error)
      timer = setTimeout(() => void connect(), retryMs)
      retryMs = Math.min(retryMs * 2, RETRY_MS.last)
    }
    next.on('error', lost)
    next.on('end', () => lost(new Error('PostgreSQL closed the connection')))
    next.on('notification', (message) => {
      const channel = channels.find((name) => CHANNELS[name] === message.channel)
      if (channel) handlers.onNotify(channel, message.payload ? JSON.parse(message.payload) : null)
    })
    try {
      await next.connect()
      await next.query(channels.map((channel) => `listen ${CHANNELS[channel]}`).join('; '))
      retryMs = RETRY_MS.first
      handlers.onConnect?.()
    } catch (error) {
      lost(error instanceof Error ? error : new Error(String(error)))
    }
  }
  void connect()

  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      const last = client
      client = undefined
      await last?.end().catch(() => {}) // ending a broken connection
    },
  }
}

/** Sends a NOTIFY on `query`'s connection; inside a transaction it goes out at commit. */
export async function notify(query: { query(sql: string, values: unknown[]): Promise<unknown> }, channel: Channel, payload: Record<string, unknown>): Promise<void> {
  await query.query('select pg_notify($1, $2)', [CHANNELS[channel], JSON.stringify(payload)])
}
