// One LISTEN a process, fanned out to every open page. docs/decisions/0020-live-updates.md
import { WebSocketServer, type WebSocket } from 'ws'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { listen } from '#server/db/listen.ts'
import { CLIENT, serveClient, type LiveClient } from './client.ts'
import { CHANNELS_HEARD } from './topics.ts'

export const HUB = { clientsMax: 2000, clientsOfOneMax: 50, pingMs: 20_000, recheckMs: 30_000 }

/** Someone who may listen, in which mesh, and whether they still may. */
export interface Listener {
  id: string
  mesh: string
  stillAllowed: () => Promise<boolean>
}

export interface LiveHub extends AsyncDisposable {
  /** Completes the upgrade for a request that has been let in; answers 503 when there is no room. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, listener: Listener): void
  clients(): number
}

export function startLiveHub(databaseUrl: string, { recheckMs } = HUB): LiveHub {
  const server = new WebSocketServer({ noServer: true, maxPayload: CLIENT.messageBytesMax, perMessageDeflate: false })
  const clients = new Map<WebSocket, { client: LiveClient; listener: Listener }>()
  const tellAll = (channel: Parameters<LiveClient['changed']>[0], what: unknown) => {
    for (const { client } of clients.values()) client.changed(channel, what)
  }
  let connections = 0
  const listening = listen(databaseUrl, CHANNELS_HEARD, {
    onNotify: tellAll,
    onConnect: () => {
      if (connections++ > 0) tellAll(null, null) // what was notified while we were away is lost
    },
  })
  const pinging = setInterval(() => {
    for (const [socket, { client }] of clients) if (!client.ping()) socket.terminate()
  }, HUB.pingMs)
  // A role that was taken away or a session that ended ends its connection too.
  const rechecking = setInterval(() => {
    for (const { client, listener } of clients.values())
      void listener.stillAllowed().then(
        (allowed) => allowed || client.close(4401, 'sign in again'),
        () => {}, // the store is away; asked again next time
      )
  }, recheckMs)

  return {
    accept(request, socket, head, listener) {
      const ofOne = [...clients.values()].filter((entry) => entry.listener.id === listener.id).length
      if (clients.size >= HUB.clientsMax || ofOne >= HUB.clientsOfOneMax) return refuseUpgrade(socket, '503 Service Unavailable')
      server.handleUpgrade(request, socket, head, (opened) => {
        clients.set(opened, { client: serveClient(opened, listener.mesh), listener })
        opened.once('close', () => clients.delete(opened))
      })
    },
    clients: () => clients.size,
    async [Symbol.asyncDispose]() {
      clearInterval(pinging)
      clearInterval(rechecking)
      for (const { client } of clients.values()) client.close(1001, 'this process stops')
      for (const socket of clients.keys()) setTimeout(() => socket.terminate(), 500).unref()
      server.close()
      await listening[Symbol.asyncDispose]()
    },
  }
}

export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
