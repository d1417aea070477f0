import type { SampleCount } from '#server/contracts/sample.ts'

const COUNTS_MAX = 500

/** What this process received, by caller and path. Bounded: past the limit, paths share one row a caller. */
export class Counts {
  readonly #rows = new Map<string, SampleCount>()
  strangers = 0

  add(caller: string, path: string, outcome: 'ok' | 'error'): void {
    const row = this.#rowOf(caller, path)
    row[outcome] += 1
  }

  read(): SampleCount[] {
    return [...this.#rows.values()].map((row) => ({ ...row }))
  }

  #rowOf(caller: string, path: string): SampleCount {
    const known = this.#rows.get(`${caller} ${path}`)
    if (known) return known
    const shared = this.#rows.size >= COUNTS_MAX ? '(other)' : path.slice(0, 2048)
    const key = `${caller} ${shared}`
    const row = this.#rows.get(key) ?? { caller, path: shared, ok: 0, error: 0 }
    this.#rows.set(key, row)
    return row
  }
}
