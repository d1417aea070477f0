// Envoy's ADS stream, passed on byte for byte between the local socket and one control; answered from what was kept while none is there.
import { Metadata, status, type Client, type ClientDuplexStream, type ServerDuplexStream } from '@grpc/grpc-js'
import { serveKept } from './kept-server.ts'
import type { KeptConfig } from './kept-config.ts'
import { readDeltaRequest, readDeltaResponse, writeDeltaResponse, type DeltaResponse } from './xds-messages.ts'

const ADS_PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
/** A restarted proxy waits this long for a control before it serves from what it kept. */
const REACH_MS = 1000
const LOOK_AGAIN_MS = 500

export type LocalStream = ServerDuplexStream<Buffer, Buffer>
type Upstream = ClientDuplexStream<Buffer, Buffer>

export interface AdsRelay extends Disposable {
  readonly handler: (local: LocalStream) => void
  /** Ends Envoy's stream so that it comes back over the present identity; its resources stay, with their versions. */
  reconnect(): void
}

export interface AdsRelayOptions {
  connect: (withinMs: number) => Promise<Client | null>
  kept: KeptConfig
  log: (sentence: string) => void
}

const bytes = (message: Buffer) => message

export function relayAds({ connect, kept, log }: AdsRelayOptions): AdsRelay {
  const open = new Set<LocalStream>()

  const attach = async (local: LocalStream) => {
    local.pause() // what Envoy says meanwhile waits in its own buffer
    const client = await connect(REACH_MS)
    if (!open.has(local)) return client?.close()
    if (client) passOn(local, client, kept, log)
    else answerFromKept(local)
    local.resume()
  }

  const answerFromKept = (local: LocalStream) => {
    log('no control can be reached; Envoy is served from the configuration kept on disk')
    const answer = serveKept(kept.resources)
    local.on('data', (message: Buffer) => {
      const response = answer(readDeltaRequest(message))
      if (response) local.write(writeDeltaResponse(response))
    })
    const look = async () => {
      if (!open.has(local)) return
      const client = await connect(LOOK_AGAIN_MS)
      client?.close()
      if (client && open.has(local)) {
        log('control is back; Envoy is handed over to it')
        endStream(local, 'control is back')
      } else setTimeout(() => void look(), LOOK_AGAIN_MS)
    }
    setTimeout(() => void look(), LOOK_AGAIN_MS)
  }

  return {
    handler(local) {
      open.add(local)
      const closed = () => open.delete(local)
      local.on('cancelled', closed) // also when Envoy did not answer a keepalive
      local.on('close', closed)
      local.on('end', () => {
        closed()
        local.end()
      })
      local.on('error', closed)
      void attach(local)
    },
    reconnect() {
      for (const local of open) endStream(local, 'the sidecar has a new identity')
    },
    [Symbol.dispose]() {
      for (const local of open) endStream(local, 'the sidecar stops')
    },
  }
}

function passOn(local: LocalStream, client: Client, kept: KeptConfig, log: (sentence: string) => void): void {
  const upstream: Upstream = client.makeBidiStreamRequest(ADS_PATH, bytes, bytes, new Metadata())
  const unacknowledged = new Map<string, DeltaResponse>()
  const end = (why: string) => {
    upstream.cancel()
    client.close()
    endStream(local, why)
  }
  local.on('data', (message: Buffer) => {
    noteAnswer(message, unacknowledged, kept)
    if (!upstream.write(message)) pauseUntilDrained(local, upstream)
  })
  upstream.on('data', (message: Buffer) => {
    const response = readDeltaResponse(message)
    unacknowledged.set(response.nonce, response)
    if (!local.write(message)) pauseUntilDrained(upstream, local)
  })
  upstream.on('error', (error) => {
    if (local.cancelled) return
    log(`control ended the stream of Envoy: ${error.message}`)
    end('control went away')
  })
  upstream.on('end', () => end('control ended the stream'))
  for (const event of ['cancelled', 'end', 'close', 'error']) local.on(event, () => end('Envoy ended the stream'))
}

/** An acknowledgement makes a response the configuration to keep; a refusal leaves the one before. */
function noteAnswer(message: Buffer, unacknowledged: Map<string, DeltaResponse>, kept: KeptConfig): void {
  const { responseNonce, refused } = readDeltaRequest(message)
  const response = unacknowledged.get(responseNonce)
  if (!response) return
  unacknowledged.delete(responseNonce)
  if (!refused) kept.accept(response)
}

function pauseUntilDrained(from: LocalStream | Upstream, to: LocalStream | Upstream): void {
  from.pause()
  to.once('drain', () => from.resume())
}

function endStream(local: LocalStream, why: string): void {
  if (local.cancelled || local.writableEnded || local.destroyed) return
  local.emit('error', { name: 'Error', message: why, code: status.UNAVAILABLE, details: why })
}
