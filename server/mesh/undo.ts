import { pointerOf } from '../contracts/problems.ts'
import { canonicalText } from './change.ts'

export type Undone = { outcome: 'undone'; value: unknown } | { outcome: 'conflict'; pointers: string[] }

/**
 * Takes `before → after` back out of `current`, keeping what was changed since elsewhere. Where the same place was changed again
 * there is nothing right to do, so it is named. Lists merge by position while their length stays.
 */
export function undoChange(before: unknown, after: unknown, current: unknown): Undone {
  const pointers: string[] = []
  const value = merge(before, after, current, [], pointers)
  return pointers.length > 0 ? { outcome: 'conflict', pointers } : { outcome: 'undone', value }
}

function merge(before: unknown, after: unknown, current: unknown, path: readonly PropertyKey[], conflicts: string[]): unknown {
  if (same(after, current)) return before
  if (same(before, after) || same(before, current)) return current
  if (isList(before) && isList(after) && isList(current) && before.length === after.length && after.length === current.length)
    return current.map((item, index) => merge(before[index], after[index], item, [...path, index], conflicts))
  if (isRecord(before) && isRecord(after) && isRecord(current)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(current)])
    const entries = [...keys].map((key) => [key, merge(before[key], after[key], current[key], [...path, key], conflicts)] as const)
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  }
  conflicts.push(pointerOf(path))
  return current
}

function same(a: unknown, b: unknown): boolean {
  return a === undefined || b === undefined ? a === b : canonicalText(a) === canonicalText(b)
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
