// The fields of envoy/service/discovery/v3/discovery.proto and of Secret that a sidecar reads or writes, by number.
import { field, readFields } from './wire.ts'

const TYPES = 'type.googleapis.com/'
export const TYPE = {
  cluster: `${TYPES}envoy.config.cluster.v3.Cluster`,
  listener: `${TYPES}envoy.config.listener.v3.Listener`,
  virtualHost: `${TYPES}envoy.config.route.v3.VirtualHost`,
  secret: `${TYPES}envoy.extensions.transport_sockets.tls.v3.Secret`,
} as const

export interface DeltaRequest {
  typeUrl: string
  subscribe: string[]
  unsubscribe: string[]
  initialVersions: Map<string, string>
  responseNonce: string
  /** True when the response of that nonce was refused. */
  refused: boolean
}

export function readDeltaRequest(message: Buffer): DeltaRequest {
  const request: DeltaRequest = { typeUrl: '', subscribe: [], unsubscribe: [], initialVersions: new Map(), responseNonce: '', refused: false }
  for (const { number, bytes } of readFields(message)) {
    if (number === 2) request.typeUrl = bytes.toString()
    else if (number === 3) request.subscribe.push(bytes.toString())
    else if (number === 4) request.unsubscribe.push(bytes.toString())
    else if (number === 5) request.initialVersions.set(...readPair(bytes))
    else if (number === 6) request.responseNonce = bytes.toString()
    else if (number === 7) request.refused = true
  }
  return request
}

/** A resource with its envelope (version, name, Any) as control sent it. */
export interface DeltaResource {
  name: string
  version: string
  envelope: Buffer
}

export interface DeltaResponse {
  typeUrl: string
  nonce: string
  resources: DeltaResource[]
  removed: string[]
}

export function readDeltaResponse(message: Buffer): DeltaResponse {
  const response: DeltaResponse = { typeUrl: '', nonce: '', resources: [], removed: [] }
  for (const { number, bytes } of readFields(message)) {
    if (number === 2) response.resources.push(readResource(bytes))
    else if (number === 4) response.typeUrl = bytes.toString()
    else if (number === 5) response.nonce = bytes.toString()
    else if (number === 6) response.removed.push(bytes.toString())
  }
  return response
}

export function writeDeltaResponse(response: DeltaResponse): Buffer {
  return Buffer.concat([
    ...response.resources.map((resource) => field(2, resource.envelope)),
    field(4, response.typeUrl),
    field(5, response.nonce),
    ...response.removed.map((name) => field(6, name)),
  ])
}

/** Wraps a message of `typeUrl` as a delta resource. */
export function envelope(name: string, version: string, typeUrl: string, message: Buffer): Buffer {
  return Buffer.concat([field(1, version), field(2, anyOf(typeUrl, message)), field(3, name)])
}

export interface SotwRequest {
  names: string[]
  responseNonce: string
  refused: boolean
}

export function readSotwRequest(message: Buffer): SotwRequest {
  const request: SotwRequest = { names: [], responseNonce: '', refused: false }
  for (const { number, bytes } of readFields(message)) {
    if (number === 3) request.names.push(bytes.toString())
    else if (number === 5) request.responseNonce = bytes.toString()
    else if (number === 6) request.refused = true
  }
  return request
}

export function writeSotwResponse(response: { version: string; typeUrl: string; nonce: string; messages: Buffer[] }): Buffer {
  const { version, typeUrl, nonce, messages } = response
  return Buffer.concat([field(1, version), ...messages.map((message) => field(2, anyOf(typeUrl, message))), field(4, typeUrl), field(5, nonce)])
}

/** `Secret` with a certificate chain and its key. */
export function identitySecret(name: string, chainPem: string, keyPem: string): Buffer {
  return Buffer.concat([field(1, name), field(2, Buffer.concat([field(1, inlineString(chainPem)), field(2, inlineString(keyPem))]))])
}

/** `Secret` with the roots that peers are checked against. */
export function trustSecret(name: string, bundlePem: string): Buffer {
  return Buffer.concat([field(1, name), field(4, field(1, inlineString(bundlePem)))])
}

/** `Secret` with a text that Envoy shows to nobody. */
export function genericSecret(name: string, text: string): Buffer {
  return Buffer.concat([field(1, name), field(5, field(1, inlineString(text)))])
}

function inlineString(text: string): Buffer {
  return field(3, text)
}

function anyOf(typeUrl: string, message: Buffer): Buffer {
  return Buffer.concat([field(1, typeUrl), field(2, message)])
}

function readResource(bytes: Buffer): DeltaResource {
  const resource: DeltaResource = { name: '', version: '', envelope: bytes }
  for (const part of readFields(bytes)) {
    if (part.number === 1) resource.version = part.bytes.toString()
    else if (part.number === 3) resource.name = part.bytes.toString()
  }
  return resource
}

function readPair(bytes: Buffer): [string, string] {
  let key = ''
  let value = ''
  for (const part of readFields(bytes)) {
    if (part.number === 1) key = part.bytes.toString()
    else if (part.number === 2) value = part.bytes.toString()
  }
  return [key, value]
}
