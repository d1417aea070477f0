// Canonical JSON of a resource → the bytes that travel, with a version that is their hash: same content, same version, nothing sent.
import { createHash } from 'node:crypto'
import type { DescMessage, JsonValue } from '@bufbuild/protobuf'
import { MeshError } from '../contracts/errors.ts'
import type { ObjectRef } from '../contracts/object.ts'
import type { TypeUrl } from './names.ts'
import { jsonToBinary } from './json-to-binary.ts'
import { envoyApi } from './protos/registry.ts'

/** Proto3 JSON in Envoy's own field names, as its documents and `config_dump` show it. */
export type Json = { [field: string]: JsonField }
type JsonField = string | number | boolean | null | undefined | Json | JsonField[]

export interface Resource {
  typeUrl: TypeUrl
  name: string
  /** '' for what every proxy gets alike; a namespace, `namespace/agent` or a proxy id for what differs by it. */
  scope: string
  json: Json
  bytes: Uint8Array
  version: string
  /** The object that a refusal of this resource belongs to. */
  object: ObjectRef | null
  /** Clusters that its routes name: they go first. */
  needs: readonly string[]
}

export type Draft = Pick<Resource, 'typeUrl' | 'name' | 'scope' | 'json' | 'object'>

const MEMO_MAX = 20_000
const memo = new Map<string, Pick<Resource, 'bytes' | 'version' | 'needs'>>()

/** Encodes once per content, however many proxies and revisions share it. */
export function encodeResource(draft: Draft): Resource {
  const key = `${draft.typeUrl}\n${JSON.stringify(draft.json)}`
  let encoded = memo.get(key)
  if (!encoded) {
    const bytes = encodeJson(draft.typeUrl, draft.json)
    encoded = { bytes, version: versionOf(bytes), needs: clustersNamedBy(draft.json) }
    if (memo.size >= MEMO_MAX) memo.clear()
    memo.set(key, encoded)
  }
  return { ...draft, ...encoded }
}

export function encodeJson(typeUrl: string, json: Json): Uint8Array {
  const schema = messageOf(typeUrl)
  const { '@type': _, ...fields } = json
  try {
    return jsonToBinary(schema, fields as JsonValue, envoyApi())
  } catch (cause) {
    throw new MeshError('internal', `${typeUrl} does not fit Envoy's API`, { cause })
  }
}

export function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

function messageOf(typeUrl: string): DescMessage {
  const schema = envoyApi().getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1))
  if (!schema) throw new MeshError('internal', `${typeUrl} is not in Envoy's API as we have it`)
  return schema
}

/** Clusters that routes of a route configuration or virtual host lead to. */
export function clustersNamedBy(json: Json): string[] {
  const names = new Set<string>()
  const walk = (value: JsonField): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (value === null || typeof value !== 'object') return
    const { route } = value
    if (route !== null && typeof route === 'object' && !Array.isArray(route)) collect(route, names)
    Object.values(value).forEach(walk)
  }
  walk(json['virtual_hosts'])
  walk(json['routes'])
  return [...names].sort()
}

function collect(route: Json, names: Set<string>): void {
  if (typeof route['cluster'] === 'string') names.add(route['cluster'])
  for (const mirror of listIn(route, 'request_mirror_policies')) if (typeof mirror['cluster'] === 'string') names.add(mirror['cluster'])
  for (const name of inPriorityGroups(route)) names.add(name)
  const weighted = route['weighted_clusters']
  if (weighted === null || typeof weighted !== 'object' || Array.isArray(weighted)) return
  for (const entry of listIn(weighted, 'clusters')) if (typeof entry['name'] === 'string') names.add(entry['name'])
}

/** Of a route to one group of clusters after the other. */
function inPriorityGroups(route: Json): string[] {
  const { inline_cluster_specifier_plugin: plugin } = route as { inline_cluster_specifier_plugin?: { extension: { typed_config: Json } } } // as another-agent.ts writes it
  const groups = plugin ? listIn(plugin.extension.typed_config, 'priority_groups') : []
  return groups.flatMap((group) => listIn(group, 'clusters')).map(({ cluster_name }) => String(cluster_name))
}

function listIn(json: Json, field: string): Json[] {
  const list = json[field]
  return Array.isArray(list) ? list.filter((entry): entry is Json => entry !== undefined && entry !== null && typeof entry === 'object' && !Array.isArray(entry)) : []
}
