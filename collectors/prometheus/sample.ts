// What the three forms of the exposition have in common: named values with labels.
import { MeshError } from '#server/contracts/errors.ts'

export interface Sample {
  /** A histogram comes as `_bucket`, `_sum` and `_count`, as in text. */
  name: string
  /** As its family says: `counter`, `histogram`, `untyped` and others. */
  type: string
  labels: Record<string, string>
  value: number
}

/** Samples of the names that are wanted; a null now and then is a good moment to let others run. */
export type Samples = Generator<Sample | null, void, undefined>
export type Wanted = (name: string) => boolean

export const LIMITS = { lineMax: 32_768, labelsMax: 64, labelMax: 1024, typesMax: 20_000 }
/** Samples between two nulls, and characters of text: lines of a long exposition take a millisecond for each 15,000. */
export const BREATH = { samples: 250, characters: 32_768 }

/** Throws `bad_request`: the whole scrape counts nothing. */
export function malformed(where: string, why: string): never {
  throw new MeshError('bad_request', `${where}: ${why}`)
}
