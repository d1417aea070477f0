import { KINDS, type MeshObject } from '#server/contracts/object.ts'
import { isRecord, sameValue } from './pointer.ts'

/** What the server keeps for itself; an editor neither shows nor sends it. */
const SERVER_FIELDS = new Set(['uid', 'generation', 'resourceVersion', 'creationTimestamp', 'managedBy', 'mesh'])

/** The part of an object that a person writes, without lists and maps that are empty (they say nothing). */
export function editable(object: MeshObject): Record<string, unknown> {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([key]) => !SERVER_FIELDS.has(key)))
  // What comes out of the store has its keys in another order; the schema's is the one that people know.
  const parsed = KINDS[object.kind]?.schema.safeParse(object)
  return withoutEmpty({ apiVersion: object.apiVersion, kind: object.kind, metadata, spec: parsed?.success ? parsed.data.spec : object.spec }) as Record<string, unknown> // a record stays one
}

// An empty `retry` or `rules` means something by being there; what is listed here does not.
const EMPTY_MEANS_NOTHING = new Set(['labels', 'annotations', 'hostnames', 'headers', 'queryParams', 'filters', 'set', 'add', 'remove', 'codes', 'backendRefs', 'capabilities', 'instances', 'identities', 'agents', 'namespaces', 'methods', 'paths', 'to', 'from'])

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).filter(([key, child]) => child !== undefined && !(EMPTY_MEANS_NOTHING.has(key) && (sameValue(child, []) || sameValue(child, {}))))
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutEmpty(child)]))
}
