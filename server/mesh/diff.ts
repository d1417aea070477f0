import type { MeshObject, ObjectRef } from '../contracts/object.ts'
import { pointerOf } from '../contracts/problems.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { canonicalText, contentOf, findObject, type ObjectChange } from './change.ts'

export interface ObjectDiff {
  object: ObjectRef
  before: MeshObject | null
  after: MeshObject | null
}

/** The objects that a change really changes, before and after. */
export function diffObjects(before: MeshState, changes: readonly ObjectChange[]): ObjectDiff[] {
  return changes
    .map(({ ref, after }): ObjectDiff => ({ object: ref, before: findObject(before, ref) ?? null, after }))
    .filter((diff) => canonicalText(diff.before && contentOf(diff.before)) !== canonicalText(diff.after && contentOf(diff.after)))
}

/** One value that differs; `before` or `after` undefined where there is none. */
export interface ValueDiff {
  pointer: string
  before: unknown
  after: unknown
}

/** The smallest places that differ. Lists are compared by position: their order means something in every kind. */
export function diffValues(before: unknown, after: unknown, path: readonly PropertyKey[] = []): ValueDiff[] {
  if (canonicalText(before ?? null) === canonicalText(after ?? null) && (before === undefined) === (after === undefined)) return []
  const inside = Array.isArray(before) === Array.isArray(after) && isContainer(before) && isContainer(after)
  if (!inside) return [{ pointer: pointerOf(path), before, after }]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => diffValues(before[key], after[key], [...path, key]))
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
