// One reading of a mesh after another: what did not change stays the same value, so that whoever worked with it can see that by identity.
import { isDeepStrictEqual } from 'node:util'
import type { MeshState } from '../contracts/mesh-state.ts'

/** `found`, with each entry and each list that is as in `before` taken from there; `before` itself when everything is. */
export function keepUnchanged(before: MeshState, found: MeshState): MeshState {
  const entries = Object.entries(found).map(([key, value]) => [key, keepValue(before[key as keyof MeshState], value)] as const)
  if (entries.every(([key, value]) => before[key as keyof MeshState] === value)) return before
  return Object.fromEntries(entries) as unknown as MeshState // the same keys, and values of the same types
}

function keepValue(before: unknown, found: unknown): unknown {
  if (!Array.isArray(before) || !Array.isArray(found)) return found
  const known = new Map(before.map((entry) => [keyOf(entry), entry]))
  const kept = found.map((entry) => {
    const old = known.get(keyOf(entry))
    return isDeepStrictEqual(old, entry) ? old : entry
  })
  return kept.length === before.length && kept.every((entry, index) => entry === before[index]) ? before : kept
}

interface Entry {
  id?: string
  metadata?: { uid?: string | undefined; resourceVersion?: string | undefined }
}

/** An object in one of its versions, an instance, or a name that is its own key. */
function keyOf(entry: Entry | string): string {
  if (typeof entry === 'string') return entry
  return entry.id ?? `${entry.metadata?.uid} ${entry.metadata?.resourceVersion}`
}
