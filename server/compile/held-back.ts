// An older Envoy refuses a whole listener for one filter that it does not have. What it lacks is left out for it, and said; what guards
// (identities, policies, tools) is never left out: such an Envoy refuses, and lets nobody in.
import { OPTIONAL_EXTENSIONS } from '../mesh/optional-extensions.ts'
import { clustersNamedBy, encodeResource, type Json, type Resource } from './encode.ts'
import { TYPE, typeUrl } from './names.ts'
import { corsFilter } from './route-filters.ts'
import { semanticFilter } from './semantic.ts'
import { faultFilter, limitFilter } from './traffic.ts'

type Snapshot = ReadonlyMap<Resource['typeUrl'], ReadonlyMap<string, Resource>>

interface Optional {
  /** What a node lists where it has it. */
  type: string
  filter: string | null
  /** What its absence means. */
  without: string
}

const { semantic, fault, cors, rateLimit, utilization } = OPTIONAL_EXTENSIONS

const OPTIONAL: readonly Optional[] = [
  { ...semantic, filter: nameOf(semanticFilter()) },
  { ...fault, filter: nameOf(faultFilter()) },
  { ...cors, filter: nameOf(corsFilter()) },
  { ...rateLimit, filter: nameOf(limitFilter()) },
  { ...utilization, filter: null },
]

/** Of what can be left out, what a node does not list; nothing for a node that lists nothing at all. */
export function lackingOf(listed: ReadonlySet<string>): readonly string[] {
  return listed.size === 0 ? [] : OPTIONAL.filter(({ type }) => !listed.has(type)).map(({ type }) => type)
}

/** The same map where nothing is lacking. */
export function holdBack<T extends Snapshot>(resources: T, lacking: readonly string[]): T | Snapshot {
  if (lacking.length === 0) return resources
  return new Map([...resources].map(([type, byName]) => [type, new Map([...byName].map(([name, resource]) => [name, without(resource, lacking)]))]))
}

/** A sentence for each thing that was left out of a resource; null where nothing was. */
export function describeHeldBack(resource: Resource): string | null {
  const missing = leftOut.get(resource)
  if (!missing) return null
  return OPTIONAL.filter(({ type }) => missing.includes(type)).map((one) => `left out, because this Envoy does not have ${one.type}: ${one.without}`).join('; ')
}

const leftOut = new WeakMap<Resource, readonly string[]>()
const known = new WeakMap<Resource, Map<string, Resource>>()

function without(resource: Resource, lacking: readonly string[]): Resource {
  if (resource.typeUrl === TYPE.endpoints || leftOut.has(resource)) return resource
  const key = lacking.join(' ')
  const found = known.get(resource)?.get(key)
  if (found) return found
  const missing = new Set<string>()
  const json = strip(resource.json, OPTIONAL.filter(({ type }) => lacking.includes(type)), missing) as Json // an object stays one
  const fitted = missing.size === 0 ? resource : { ...encodeResource({ ...draftOf(resource), json }), needs: clustersNamedBy(json) }
  if (missing.size > 0) leftOut.set(fitted, [...missing])
  known.set(resource, (known.get(resource) ?? new Map<string, Resource>()).set(key, fitted))
  return fitted
}

function draftOf({ typeUrl: type, name, scope, json, object }: Resource) {
  return { typeUrl: type, name, scope, json, object }
}

function strip(value: Json[string], lacking: readonly Optional[], missing: Set<string>): Json[string] {
  if (Array.isArray(value)) return value.flatMap((entry) => (isLacking(entry, lacking, missing) ? [] : [strip(entry, lacking, missing)]))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([key]) => !lacking.some(({ type, filter }) => filter === key && missing.add(type)))
  const kept = Object.fromEntries(entries.map(([key, field]) => [key, strip(field, lacking, missing)]))
  return lacking.some(({ filter, type }) => filter === null && usesPolicy(value, type) && missing.add(type)) ? byLeastRequests(kept) : kept
}

function isLacking(entry: Json[string], lacking: readonly Optional[], missing: Set<string>): boolean {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return false
  const found = lacking.find(({ type, filter }) => filter === entry['name'] && typeOf(entry) === type)
  return found !== undefined && missing.add(found.type).size > 0
}

function usesPolicy(cluster: Json, type: string): boolean {
  const { policies = [] } = (cluster['load_balancing_policy'] ?? {}) as { policies?: { typed_extension_config: Json }[] } // as traffic.ts makes it
  return policies.some((policy) => typeOf(policy.typed_extension_config) === type)
}

function byLeastRequests(cluster: Json): Json {
  const { load_balancing_policy: _, ...rest } = cluster
  return { ...rest, lb_policy: 'LEAST_REQUEST' }
}

function typeOf(extension: Json): string {
  return bare((extension['typed_config'] as Json | undefined)?.['@type'])
}

function nameOf(filter: Json): string {
  return String(filter['name'])
}

function bare(url: Json[string]): string {
  return String(url).slice(typeUrl('').length)
}
