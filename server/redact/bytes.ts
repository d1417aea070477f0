// Classes of ASCII bytes: secrets are found in the bytes that came, without making text of them.

/** A table of 256, 1 for each byte of the class: `classOf('A-Za-z0-9_-')`. */
export function classOf(ranges: string): Uint8Array {
  const pattern = new RegExp(`[${ranges}]`)
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte < 128 && pattern.test(String.fromCharCode(byte)) ? 1 : 0))
}

export const DIGIT = classOf('0-9')
export const ALNUM = classOf('A-Za-z0-9')
export const WORD = classOf('A-Za-z0-9_-')

/** The first place from `at` on that is not of the class, `to` at most. */
export function endOfRun(bytes: Buffer, at: number, to: number, of: Uint8Array): number {
  let end = at
  while (end < to && of[bytes[end]!] === 1) end++ // below `to`
  return end
}

/** Where the run that ends before `at` begins, `from` at least. */
export function startOfRun(bytes: Buffer, at: number, from: number, of: Uint8Array): number {
  let start = at
  while (start > from && of[bytes[start - 1]!] === 1) start-- // at or behind `from`
  return start
}

export function hasAny(bytes: Buffer, from: number, to: number, of: Uint8Array): boolean {
  for (let at = from; at < to; at++) if (of[bytes[at]!] === 1) return true // below `to`
  return false
}
