/** Three ways: what each side changed since the base is taken; where both changed one place differently, a person chooses. */
import { isRecord, parsePointer, pointerOf, sameValue, withValue, type Path } from './pointer.ts'

export interface MergeConflict {
  pointer: string
  base: unknown
  mine: unknown
  theirs: unknown
}

export interface Merge {
  /** Both sides' changes; at a conflict, theirs stands until a choice is made. */
  merged: unknown
  conflicts: MergeConflict[]
}

export function mergeObjects(base: unknown, mine: unknown, theirs: unknown): Merge {
  const conflicts: MergeConflict[] = []
  return { merged: mergeAt([], base, mine, theirs, conflicts), conflicts }
}

function mergeAt(path: Path, base: unknown, mine: unknown, theirs: unknown, conflicts: MergeConflict[]): unknown {
  if (sameValue(mine, theirs) || sameValue(base, mine)) return theirs
  if (sameValue(base, theirs)) return mine
  if (isRecord(mine) && isRecord(theirs)) {
    const ancestor = isRecord(base) ? base : {}
    const keys = [...new Set([...Object.keys(theirs), ...Object.keys(mine)])]
    const entries = keys.map((key) => [key, mergeAt([...path, key], ancestor[key], mine[key], theirs[key], conflicts)] as const)
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  }
  // Lists merge item by item while nobody added or removed one; otherwise the list is one place.
  if (Array.isArray(base) && Array.isArray(mine) && Array.isArray(theirs) && base.length === mine.length && base.length === theirs.length) {
    return theirs.map((item, index) => mergeAt([...path, index], base[index], mine[index], item, conflicts))
  }
  conflicts.push({ pointer: pointerOf(path), base, mine, theirs })
  return theirs
}

/** The merge with the conflicts at `pointers` decided for one's own side. */
export function chooseMine(merge: Merge, pointers: ReadonlySet<string>): unknown {
  const chosen = merge.conflicts.filter((conflict) => pointers.has(conflict.pointer))
  return chosen.reduce((merged, conflict) => withValue(merged, numbered(conflict.pointer), conflict.mine), merge.merged)
}

function numbered(pointer: string): Path {
  return parsePointer(pointer).map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}
