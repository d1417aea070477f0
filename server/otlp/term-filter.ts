// A Bloom filter in a row beside what it speaks of. It is kept in the store: whoever changes where a term's bits are takes the filters
// that are there away.

/** Of a full filter; a power of two, so that a filter folds in half by its own bits. 22,000 bits set are half of it. */
const BYTES_MAX = 4096
const BYTES_MIN = 8
const BITS_MAX = BYTES_MAX * 8
/** A filter half full lets one in 64 pass that it does not have. */
const BITS_A_TERM = 6
const RECENT = 512
/** So many bits set a bit of a filter make half of it: some fall on others. */
const HALF = Math.LN2
/** Fuller than this it lets more than a quarter pass, and is not worth its bytes. */
const FULL = 0.8

/** Takes terms, which are hashes of 32 bits, as often as they come. */
export class TermFilter {
  readonly #bytes = new Uint8Array(BYTES_MAX)
  readonly #words = new Int32Array(this.#bytes.buffer)
  /** Terms that came a moment ago: nearly all come again. */
  readonly #recent = new Int32Array(RECENT)
  #bits = 0

  add(term: number): void {
    const place = term & (RECENT - 1)
    if (this.#recent[place] === term && term !== 0) return
    this.#recent[place] = term
    const step = stepOf(term)
    for (let bit = 0, at = term; bit < BITS_A_TERM; bit++, at = (at + step) | 0) {
      const byte = (at & (BITS_MAX - 1)) >>> 3
      const mask = 1 << (at & 7)
      const before = this.#bytes[byte]! // within the filter
      if ((before & mask) !== 0) continue
      this.#bytes[byte] = before | mask
      this.#bits++
    }
  }

  /** The filter, folded until it is about half full; null when it is so full that it says nothing. */
  done(): Buffer | null {
    if (this.#bits > BITS_MAX * FULL) return null
    const added = -BITS_MAX * Math.log(1 - this.#bits / BITS_MAX) // of which some fell on others
    let words = BYTES_MIN / 4
    while (words * 32 * HALF < added && words * 4 < BYTES_MAX) words *= 2
    const folded = new Int32Array(words)
    for (let at = 0; at < this.#words.length; at++) folded[at & (words - 1)]! |= this.#words[at]! // within both
    return Buffer.from(folded.buffer)
  }

  reset(): void {
    this.#bytes.fill(0)
    this.#recent.fill(0)
    this.#bits = 0
  }
}

/** Bits of a term in a full filter; in a folded one they are these, modulo its bits. */
export function bitsOf(term: number): number[] {
  return Array.from({ length: BITS_A_TERM }, (_, bit) => (term + bit * stepOf(term)) & (BITS_MAX - 1))
}

/** SQL that is true of rows whose filter in `column` may have the term. `get_bit` numbers bits as `TermFilter` does. */
export function mayHaveTerm(column: string, term: number): string {
  return `(${bitsOf(term).map((bit) => `get_bit(${column}, ${bit} & (octet_length(${column}) * 8 - 1)) = 1`).join(' and ')})`
}

function stepOf(term: number): number {
  return (term >>> 16) | 1
}
