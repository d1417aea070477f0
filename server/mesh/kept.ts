// Work that stands while what it was made of is the same: states share what did not change (keep-unchanged.ts), so identity tells.

/** Callers, namespaces or zones that one owner is looked at from, before all of them are forgotten. */
const KEYS_MAX = 10_000

interface Entry<T> {
  inputs: readonly unknown[]
  value: T
}

/** The last value of each owner and key, with the inputs that it was made of. It goes with its owner. */
export class Kept<Owner extends object, T> {
  readonly #entries = new WeakMap<Owner, Map<string, Entry<T>>>()

  /** `make` is called unless every input is what it was; `before` is what was made of the others. */
  of(owner: Owner, key: string, inputs: readonly unknown[], make: (before: T | undefined) => T): T {
    let entries = this.#entries.get(owner)
    if (!entries) this.#entries.set(owner, (entries = new Map()))
    const entry = entries.get(key)
    if (entry && isSameList(entry.inputs, inputs)) return entry.value
    const value = make(entry?.value)
    if (entries.size >= KEYS_MAX) entries.clear()
    entries.set(key, { inputs, value })
    return value
  }
}

export function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((one, index) => one === b[index]))
}
