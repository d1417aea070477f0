import type { Problem } from '../contracts/errors.ts'
import type { ObjectRef } from '../contracts/object.ts'

/** Something to say about one place of one object. A problem refuses the change; a warning is shown and lets it pass. */
export interface Finding extends Problem {
  object: ObjectRef
  level: 'problem' | 'warning'
}

/** Collects the findings of one object: `says.problem('/spec/rules/0', 'no_backend', '…')`. */
export interface Says {
  problem(pointer: string, code: string, detail: string): void
  warning(pointer: string, code: string, detail: string): void
}

export function collectFindings(object: ObjectRef, into: Finding[]): Says {
  const say = (level: Finding['level']) => (pointer: string, code: string, detail: string) => void into.push({ object, level, pointer, code, detail })
  return { problem: say('problem'), warning: say('warning') }
}

/** Calls `found` with each index whose key was there before. */
export function eachRepeated<T>(items: readonly T[], keyOf: (item: T) => string, found: (index: number, item: T) => void): void {
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const key = keyOf(item)
    if (seen.has(key)) found(index, item)
    seen.add(key)
  }
}
