// The four messages of ADS, as plain values. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
import { create, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf'
import { MeshError } from '../contracts/errors.ts'
import { lackingOf } from '../compile/held-back.ts'
import { envoyApi } from '../compile/protos/registry.ts'
import { ByteWriter } from '../otlp/writer.ts'
import type { Resource } from '../compile/encode.ts'

/** `gRPC Go`, `gRPC Java`, `gRPC C-core`, `gRPC Node Pure JS`. */
const GRPC_AGENT = /^grpc\b/i
const BUILD_MAX = 64

export const ADS_METHODS = {
  delta: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  sotw: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
} as const

/** https://github.com/envoyproxy/envoy/blob/main/api/envoy/service/discovery/v3/discovery.proto: both responses number what they share alike. */
const FIELD = {
  response: { versionInfo: 1, resources: 2, typeUrl: 4, nonce: 5, removedResources: 6 },
  resource: { version: 1, resource: 2, name: 3 },
  any: { typeUrl: 1, value: 2 },
}
/** Names, versions, types and lengths around a resource's own bytes, about. */
const RESOURCE_FRAME_BYTES = 256
const RESPONSE_FRAME_BYTES = 256

export type Variant = keyof typeof ADS_METHODS

export interface NodeInfo {
  id: string
  /** Envoy's version, such as `1.40.0`; another client's name and version; empty for one that says none. */
  build: string
  /** A gRPC client that reads xDS itself, without an Envoy. */
  proxyless?: boolean
  /** Extensions that it would need and does not have (held-back.ts). */
  lacking?: readonly string[]
}

/** What both variants say. `names` is the whole list in SotW; delta says differences. */
export interface AdsRequest {
  node: NodeInfo | null
  typeUrl: string
  nonce: string
  /** Why the response of `nonce` was refused; null is an acknowledgement. */
  refusal: string | null
  subscribe: string[]
  unsubscribe: string[]
  /** Delta, at the start of a stream: what the client still holds. */
  initialVersions: Record<string, string>
  /** SotW: the last version it took. */
  version: string
}

export interface AdsResponse {
  typeUrl: string
  nonce: string
  resources: Pick<Resource, 'name' | 'version' | 'bytes' | 'typeUrl'>[]
  removed: string[]
  /** SotW: of the state that the client has after this response. */
  version: string
}

export function decodeRequest(variant: Variant, bytes: Uint8Array): AdsRequest {
  const message = readMessage(variant === 'delta' ? 'DeltaDiscoveryRequest' : 'DiscoveryRequest', bytes)
  const shared = {
    node: readNode(message['node']),
    typeUrl: String(message['typeUrl'] ?? ''),
    nonce: String(message['responseNonce'] ?? ''),
    refusal: readRefusal(message['errorDetail']),
  }
  if (variant === 'sotw') return { ...shared, subscribe: stringList(message['resourceNames']), unsubscribe: [], initialVersions: {}, version: String(message['versionInfo'] ?? '') }
  return {
    ...shared,
    subscribe: stringList(message['resourceNamesSubscribe']),
    unsubscribe: stringList(message['resourceNamesUnsubscribe']),
    initialVersions: (message['initialResourceVersions'] ?? {}) as Record<string, string>, // map<string, string> in the schema
    version: '',
  }
}

/** By hand: a storm is a thousand times the same few hundred resources, whose bytes are there already. */
export function encodeResponse(variant: Variant, { resources, ...response }: AdsResponse): Buffer {
  const head = new ByteWriter(RESPONSE_FRAME_BYTES)
  if (variant === 'sotw') writeText(head, FIELD.response.versionInfo, response.version)
  writeText(head, FIELD.response.typeUrl, response.typeUrl)
  writeText(head, FIELD.response.nonce, response.nonce)
  if (variant === 'delta') for (const name of response.removed) head.textField(FIELD.response.removedResources, name)
  return Buffer.concat([head.done(), ...resources.map((resource) => frameOf(variant, resource))])
}

type Framed = AdsResponse['resources'][number]

const kept = { delta: new WeakMap<Framed, Buffer>(), sotw: new WeakMap<Framed, Buffer>() }
const sentOnce = { delta: new WeakSet<Framed>(), sotw: new WeakSet<Framed>() }

/** As it stands in a response; kept from the second time on, for most of what one proxy alone gets is sent once. */
function frameOf(variant: Variant, resource: Framed): Buffer {
  const known = kept[variant].get(resource)
  if (known) return known
  const frame = frameOfNew(variant, resource)
  if (sentOnce[variant].has(resource)) kept[variant].set(resource, frame)
  else sentOnce[variant].add(resource)
  return frame
}

function frameOfNew(variant: Variant, resource: Framed): Buffer {
  const writer = new ByteWriter(resource.bytes.length + RESOURCE_FRAME_BYTES)
  if (variant === 'sotw') writeAny(writer, FIELD.response.resources, resource)
  else {
    writer.message(FIELD.response.resources, () => {
      writeText(writer, FIELD.resource.version, resource.version)
      writeAny(writer, FIELD.resource.resource, resource)
      writeText(writer, FIELD.resource.name, resource.name)
    })
  }
  return Buffer.from(writer.done()) // without the room that was not needed
}

function writeAny(writer: ByteWriter, field: number, { typeUrl, bytes }: Framed): void {
  writer.message(field, () => {
    writeText(writer, FIELD.any.typeUrl, typeUrl)
    writer.field(FIELD.any.value, bytes)
  })
}

function writeText(writer: ByteWriter, field: number, value: string): void {
  if (value !== '') writer.textField(field, value)
}

export type Loose = Record<string, unknown>

/** A message of `envoy.service.discovery.v3`. Throws `bad_request` for bytes that are none. */
export function readMessage(name: string, bytes: Uint8Array): Loose {
  try {
    return fromBinary(schemaOf(name), bytes) as unknown as Loose // the schema is read at run time, so its type is not known here
  } catch (cause) {
    throw new MeshError('bad_request', `this is not a ${name}`, { cause })
  }
}

export function writeMessage(name: string, value: Loose): Buffer {
  const schema = schemaOf(name)
  return Buffer.from(toBinary(schema, create(schema, value)))
}

function schemaOf(name: string): DescMessage {
  const schema = envoyApi().getMessage(`envoy.service.discovery.v3.${name}`)
  if (!schema) throw new MeshError('internal', `the descriptors lack ${name}`)
  return schema
}

function readNode(value: unknown): NodeInfo | null {
  if (typeof value !== 'object' || value === null) return null
  const node = value as { id?: unknown; extensions?: { typeUrls?: string[] }[]; userAgentName?: unknown; userAgentVersionType?: { case?: string; value?: unknown } }
  const agent = String(node.userAgentName ?? '')
  const { case: kind, value: said } = node.userAgentVersionType ?? {}
  const lacking = lackingOf(new Set((node.extensions ?? []).flatMap(({ typeUrls }) => typeUrls ?? [])))
  return { id: String(node.id ?? ''), lacking, build: kind === 'userAgentBuildVersion' ? buildOf(said) : `${agent} ${String(said ?? '')}`.trim().slice(0, BUILD_MAX), proxyless: GRPC_AGENT.test(agent) }
}

function buildOf(value: unknown): string {
  const version = (value as Loose | undefined)?.['version'] as Loose | undefined
  return version ? [version['majorNumber'], version['minorNumber'], version['patch']].map((part) => Number(part ?? 0)).join('.') : ''
}

function readRefusal(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  return String((value as Loose)['message'] ?? '') || 'refused without a reason'
}

export function stringList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
