// One WebSocket for the whole page. Topics are counted, so that two parts that want the same one share it; a lost connection
// comes back by itself, and while there is none the pages poll.

export type LiveState = 'connecting' | 'live' | 'polling'

const RETRY = { firstMs: 500, mostMs: 15_000 }
/** After this many failures in a row, what is shown says that it polls. */
const FAILURES_BEFORE_POLLING = 2

type Listener = (message: unknown) => void

export class LiveSocket {
  readonly #topics = new Map<string, Set<Listener>>()
  readonly #watchers = new Set<() => void>()
  #socket: WebSocket | null = null
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #state: LiveState = 'connecting'
  #heardAt = 0

  get state(): LiveState {
    return this.#state
  }

  /** When the page last heard from Heddle, over the socket or by an answer. */
  get heardAt(): number {
    return this.#heardAt
  }

  heard(): void {
    this.#heardAt = Date.now()
    for (const watcher of this.#watchers) watcher()
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Calls `listener` with each message of a topic until the returned function is called. */
  subscribe(topic: string, listener: Listener): () => void {
    const listeners = this.#topics.get(topic) ?? new Set()
    this.#topics.set(topic, listeners.add(listener))
    if (listeners.size === 1) this.#send({ subscribe: [topic] })
    this.open()
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      this.#topics.delete(topic)
      this.#send({ unsubscribe: [topic] })
    }
  }

  close(): void {
    clearTimeout(this.#retry)
    this.#socket?.close()
    this.#socket = null
  }

  /** Connects, if nothing is connected yet. */
  open(): void {
    if (this.#socket !== null) return
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`)
    this.#socket = socket
    socket.onopen = () => {
      this.#failures = 0
      this.#heardAt = Date.now()
      this.#set('live')
      this.#send({ subscribe: [...this.#topics.keys()] })
    }
    socket.onmessage = (event) => this.#receive(String(event.data))
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#socket = null
      this.#failures += 1
      this.#set(this.#failures >= FAILURES_BEFORE_POLLING ? 'polling' : 'connecting')
      this.#retry = setTimeout(() => this.open(), Math.min(RETRY.mostMs, RETRY.firstMs * 2 ** this.#failures))
    }
  }

  #receive(text: string): void {
    const message = parseMessage(text)
    if (message === null) return
    this.heard()
    for (const listener of this.#topics.get(message.topic) ?? []) listener(message)
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #set(state: LiveState): void {
    this.#state = state
    for (const watcher of this.#watchers) watcher()
  }
}

function parseMessage(text: string): { topic: string } | null {
  try {
    const message: unknown = JSON.parse(text)
    return typeof message === 'object' && message !== null && 'topic' in message && typeof message.topic === 'string' ? { ...message, topic: message.topic } : null
  } catch {
    return null
  }
}
