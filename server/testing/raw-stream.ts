// ADS by hand, in both variants: what a client of the protocol's own text would say, without an Envoy.
import { Client, credentials, Metadata, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js'
import { agent, agentVersion, split, trafficPolicy } from '../compile/fixtures.ts'
import { ADS_METHODS, type AdsRequest, type Variant } from '../xds/wire.ts'
import { decodeResponse, encodeRequest, type ReceivedResponse } from './ads-client.ts'
import { testDatabase } from './database.ts'
import { eventually } from './load.ts'
import { startNativeMesh, type NativeMesh } from './native-mesh.ts'
import { IDENTITY_HEADER, type ControlOptions } from './test-control.ts'

export const HAND = { id: 'hand-1', build: '' }
export const HAND_SPIFFE = 'spiffe://mesh.test/ns/default/agent/hand'
export const HAND_PORTS = { inboundPort: 1, outboundPort: 2, agentPort: 3 }
/** What it gets by `*`, sorted. */
export const HAND_CLUSTERS = ['default/hand/v1', 'default/hand/v2', 'default/other/v1', 'external', 'local', 'outbound-loop']

/** Two agents, one in two versions, and a proxy `hand-1` that is a row alone. */
export async function meshWithHand(options: ControlOptions = {}): Promise<{ mesh: NativeMesh; port: number } & AsyncDisposable> {
  const things = new AsyncDisposableStack()
  const db = things.use(await testDatabase())
  const mesh = things.use(await startNativeMesh(db, [], options))
  await mesh.commit([agent('hand'), agent('other'), agentVersion('hand', 'v1'), agentVersion('hand', 'v2'), agentVersion('other', 'v1'), split('hand', { v1: 1, v2: 1 })])
  await mesh.addProxyRow('hand', HAND.id, HAND_PORTS)
  return { mesh, port: mesh.control.port, [Symbol.asyncDispose]: () => things.disposeAsync() }
}

type Answered = Pick<ReceivedResponse, 'nonce' | 'typeUrl' | 'version'>

export interface RawStream extends Disposable {
  /** Everything that came, in order. */
  received: ReceivedResponse[]
  ended: Promise<ServiceError>
  last: Answered
  send(request: Partial<AdsRequest> & { typeUrl: string }): void
  raw(message: Buffer): void
  /** Names more and fewer: differences in delta, the whole list in state of the world. The first call carries the node. */
  ask(typeUrl: string, more?: readonly string[], fewer?: readonly string[]): void
  /** `names` is the whole list that goes with it in state of the world; what was asked for by `ask`, where it is not given. */
  ack(response: Answered, names?: readonly string[]): void
  refuse(response: Answered, reason: string): void
  next(typeUrl: string): Promise<ReceivedResponse>
  /** Came, and was not taken by `next`. */
  pending(typeUrl: string): ReceivedResponse[]
}

export function openStream(port: number, variant: Variant, spiffeId = HAND_SPIFFE, node = HAND): RawStream {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.max_send_message_length': -1 })
  const metadata = new Metadata()
  if (spiffeId) metadata.set(IDENTITY_HEADER, spiffeId)
  const bytes = (value: Buffer) => value
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(ADS_METHODS[variant], bytes, bytes, metadata)
  const received: ReceivedResponse[] = []
  const taken = new Set<ReceivedResponse>()
  const names = new Map<string, Set<string>>()
  const state = new Map<string, { nonce: string; version: string }>()
  call.on('data', (message: Buffer) => received.push(decodeResponse(variant, message)))
  const ended = new Promise<ServiceError>((resolve) => call.on('error', resolve))
  const listOf = (typeUrl: string) => (variant === 'sotw' ? { subscribe: [...(names.get(typeUrl) ?? [])] } : {})
  const stream: RawStream = {
    received,
    ended,
    last: { nonce: '', typeUrl: '', version: '' },
    send: (request) => void call.write(encodeRequest(variant, request)),
    raw: (message) => void call.write(message),
    ask(typeUrl, more = [], fewer = []) {
      const first = names.size === 0 ? { node } : {}
      const all = names.get(typeUrl) ?? new Set()
      names.set(typeUrl, all)
      for (const name of more) all.add(name)
      for (const name of fewer) all.delete(name)
      const { nonce = '', version = '' } = state.get(typeUrl) ?? {}
      stream.send({ ...first, typeUrl, ...(variant === 'sotw' ? { nonce, version, subscribe: [...all] } : { subscribe: [...more], unsubscribe: [...fewer] }) })
    },
    ack(response, list) {
      state.set(response.typeUrl, response)
      stream.send({ typeUrl: response.typeUrl, nonce: response.nonce, version: response.version, ...(list && variant === 'sotw' ? { subscribe: [...list] } : listOf(response.typeUrl)) })
    },
    refuse(response, refusal) {
      const version = state.get(response.typeUrl)?.version ?? ''
      state.set(response.typeUrl, { nonce: response.nonce, version })
      stream.send({ typeUrl: response.typeUrl, nonce: response.nonce, version, refusal, ...listOf(response.typeUrl) })
    },
    async next(typeUrl) {
      const response = await eventually(`a response of ${typeUrl}`, 5000, () => received.find((one) => one.typeUrl === typeUrl && !taken.has(one)))
      taken.add(response)
      stream.last = response
      return response
    },
    pending: (typeUrl) => received.filter((one) => one.typeUrl === typeUrl && !taken.has(one)),
    [Symbol.dispose]: () => client.close(),
  }
  return stream
}

/** What came of a type within a time that is long enough for an answer that should not come. */
export async function unexpected(stream: RawStream, typeUrl: string): Promise<ReceivedResponse[]> {
  await new Promise((resolve) => setTimeout(resolve, 250))
  return stream.pending(typeUrl)
}

/** A change of an agent's clusters. */
export function limit(agentName: string, maxConnections: number) {
  return trafficPolicy(agentName, { targetRefs: [{ name: agentName }], circuitBreaker: { maxConnections } })
}

/** Sorted. A resource in state of the world has no name beside its bytes, which hold the name first. */
export function namesIn(response: ReceivedResponse): string[] {
  return response.resources.map(({ name, bytes }) => name || Buffer.from(bytes.subarray(2, 2 + (bytes[1] ?? 0))).toString()).sort()
}
