// The client's half of xDS: tests speak both variants without an Envoy.
import { readMessage, stringList, writeMessage, type AdsRequest, type Loose, type Variant } from '../xds/wire.ts'

export function encodeRequest(variant: Variant, request: Partial<AdsRequest> & { typeUrl: string }): Buffer {
  const node = request.node ? { id: request.node.id, userAgentName: 'envoy' } : undefined
  const errorDetail = request.refusal ? { code: 13, message: request.refusal } : undefined
  const shared = { node, typeUrl: request.typeUrl, responseNonce: request.nonce ?? '', errorDetail }
  if (variant === 'sotw') return writeMessage('DiscoveryRequest', { ...shared, versionInfo: request.version ?? '', resourceNames: request.subscribe ?? [] })
  return writeMessage('DeltaDiscoveryRequest', {
    ...shared,
    resourceNamesSubscribe: request.subscribe ?? [],
    resourceNamesUnsubscribe: request.unsubscribe ?? [],
    initialResourceVersions: request.initialVersions ?? {},
  })
}

export interface ReceivedResponse {
  typeUrl: string
  nonce: string
  version: string
  resources: { name: string; version: string; bytes: Uint8Array }[]
  removed: string[]
}

export function decodeResponse(variant: Variant, bytes: Uint8Array): ReceivedResponse {
  const message = readMessage(variant === 'delta' ? 'DeltaDiscoveryResponse' : 'DiscoveryResponse', bytes)
  const entries = (message['resources'] ?? []) as Loose[]
  return {
    typeUrl: String(message['typeUrl']),
    nonce: String(message['nonce']),
    version: String(message['versionInfo'] ?? ''),
    resources: entries.map((entry) => ({ name: String(entry['name'] ?? ''), version: String(entry['version'] ?? ''), bytes: ((entry['resource'] as Loose | undefined)?.['value'] ?? entry['value']) as Uint8Array })),
    removed: stringList(message['removedResources']),
  }
}
