import type { WebSocket } from 'ws'
import { messageOf } from '#server/contracts/errors.ts'
import type { Channel } from '#server/db/listen.ts'
import { ClientMessage, channelsOf, type ServerMessage } from './topics.ts'

/** A page that reads slowly loses messages, not our memory: past `bufferedMax` it is cut off, and reads afresh when it is back. */
export const CLIENT = { topicsMax: 64, gatherMs: 100, bufferedMax: 1024 * 1024, messageBytesMax: 16 * 1024 }

export interface LiveClient {
  /** `what` null: something may have been missed. */
  changed(channel: Channel | null, what: unknown): void
  /** False when the last ping was not answered. */
  ping(): boolean
  close(code: number, reason: string): void
}

/** Follows topics for one connection; many changes of a topic within a moment are one message. */
export function serveClient(socket: WebSocket, mesh: string): LiveClient {
  const topics = new Set<string>()
  const waiting = new Map<string, unknown>()
  let timer: NodeJS.Timeout | undefined
  let answered = true

  const flush = () => {
    timer = undefined
    for (const [topic, what] of waiting) send({ topic, what, at: new Date().toISOString() })
    waiting.clear()
  }
  const send = (message: ServerMessage | { error: string }) => {
    if (socket.bufferedAmount > CLIENT.bufferedMax) return socket.terminate()
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
  }
  const receive = (text: string) => {
    const message = ClientMessage.parse(JSON.parse(text))
    if ('unsubscribe' in message) return message.unsubscribe.forEach((topic) => topics.delete(topic))
    for (const topic of message.subscribe) {
      if (channelsOf(topic) === null) send({ error: `there is no topic “${topic}”` })
      else if (topics.size >= CLIENT.topicsMax && !topics.has(topic)) send({ error: `at most ${CLIENT.topicsMax} topics` })
      else topics.add(topic)
    }
  }

  socket.on('message', (data, isBinary) => {
    try {
      if (isBinary) throw new Error('messages are JSON text')
      receive(String(data))
    } catch (error) {
      send({ error: messageOf(error).slice(0, 300) })
    }
  })
  socket.on('pong', () => (answered = true))
  socket.on('close', () => clearTimeout(timer))
  socket.on('error', () => socket.terminate())

  return {
    changed(channel, what) {
      if (isOfOtherMesh(what, mesh)) return
      for (const topic of topics) if (channel === null || channelsOf(topic)?.includes(channel)) waiting.set(topic, what)
      if (waiting.size > 0) timer ??= setTimeout(flush, CLIENT.gatherMs)
    },
    ping() {
      if (!answered) return false
      answered = false
      socket.ping()
      return true
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

function isOfOtherMesh(what: unknown, mesh: string): boolean {
  return typeof what === 'object' && what !== null && 'mesh' in what && what.mesh !== mesh
}
