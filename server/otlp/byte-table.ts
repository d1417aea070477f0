// What was once made of some bytes, found again without making text of them: attribute keys and names repeat in every span.

const LENGTH_MAX = 128

/** Remembers `rowsMax` values at most by their bytes, which are compared whole: two keys never answer for each other. */
export class ByteTable<T> {
  readonly #make: (bytes: Buffer, from: number, to: number) => T
  readonly #rowsMax: number
  readonly #mask: number
  readonly #keys: (Uint8Array | undefined)[]
  readonly #values: T[] = []
  #rows = 0

  constructor(rowsMax: number, make: (bytes: Buffer, from: number, to: number) => T) {
    const size = 2 ** Math.ceil(Math.log2(rowsMax * 2))
    this.#make = make
    this.#rowsMax = rowsMax
    this.#mask = size - 1
    this.#keys = new Array<Uint8Array | undefined>(size).fill(undefined)
    this.#values = new Array<T>(size)
  }

  /** The value of `[from, to)`; made at the first sight, and again when the table was full meanwhile. */
  get(bytes: Buffer, from: number, to: number): T {
    const length = to - from
    if (length > LENGTH_MAX) return this.#make(bytes, from, to)
    let hash = length
    let at = from
    for (; at + 4 <= to; at += 4) hash = Math.imul(hash ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)), 0x9e3779b1) ^ (hash >>> 15)
    for (; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x9e3779b1)
    let place = (hash ^ (hash >>> 16)) & this.#mask
    for (;;) {
      const key = this.#keys[place]
      if (key === undefined) break
      if (key.length === length && isSame(key, bytes, from)) return this.#values[place]! // a key has its value
      place = (place + 1) & this.#mask
    }
    const value = this.#make(bytes, from, to)
    if (this.#rows === this.#rowsMax) {
      this.#keys.fill(undefined) // what repeats is soon back; what does not would keep it out
      this.#rows = 0
    }
    this.#rows++
    this.#keys[place] = Uint8Array.prototype.slice.call(bytes, from, to)
    this.#values[place] = value
    return value
  }
}

function isSame(key: Uint8Array, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < key.length; at++) if (key[at] !== bytes[from + at]) return false
  return true
}
