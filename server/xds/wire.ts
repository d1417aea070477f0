// The four messages of ADS, as plain values. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
import { create, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf'
import { MeshError } from '../contracts/errors.ts'
import { lackingOf } from '../compile/held-back.ts'
import { envoyApi } from '../compile/protos/registry.ts'
import type { Resource } from '../compile/encode.ts'

/** `gRPC Go`, `gRPC Java`, `gRPC C-core`, `gRPC Node Pure JS`. */
const GRPC_AGENT = /^grpc\b/i
const BUILD_MAX = 64

export const ADS_METHODS = {
  delta: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  sotw: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
} as const

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

export function encodeResponse(variant: Variant, response: AdsResponse): Buffer {
  const any = (resource: AdsResponse['resources'][number]) => ({ typeUrl: resource.typeUrl, value: resource.bytes })
  if (variant === 'sotw') {
    return writeMessage('DiscoveryResponse', { typeUrl: response.typeUrl, nonce: response.nonce, versionInfo: response.version, resources: response.resources.map(any) })
  }
  return writeMessage('DeltaDiscoveryResponse', {
    typeUrl: response.typeUrl,
    nonce: response.nonce,
    resources: response.resources.map((resource) => ({ name: resource.name, version: resource.version, resource: any(resource) })),
    removedResources: response.removed,
  })
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
