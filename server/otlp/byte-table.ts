// What was once made of some bytes, found again without making text of them: attribute keys and names repeat in every span.

const LENGTH_MAX = 128
const BYTES_FIRST = 4096

// The body that was asked about last, to be read by four bytes at once: key after key is of the same one.
let seen: Uint8Array | null = null
let words: DataView = new DataView(new ArrayBuffer(0))
function look(bytes: Buffer): void {
  seen = bytes
  words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Remembers `rowsMax` values at most by their bytes, which are compared whole: two keys never answer for each other. */
export class ByteTable<T> {
  readonly #make: (bytes: Buffer, from: number, to: number) => T
  readonly #rowsMax: number
  readonly #mask: number
  /** A row's number and one, where its hash leads; 0 is nobody. */
  readonly #places: Int32Array
  readonly #hashes: Int32Array
  /** Where a row's key ends in `#keys`; it begins where the one before ends. */
  readonly #ends: Int32Array
  readonly #values: T[] = []
  #keys = new Uint8Array(BYTES_FIRST)
  #keyWords = new DataView(this.#keys.buffer)
  #rows = 0

  constructor(rowsMax: number, make: (bytes: Buffer, from: number, to: number) => T) {
    const size = 2 ** Math.ceil(Math.log2(rowsMax * 2))
    this.#make = make
    this.#rowsMax = rowsMax
    this.#mask = size - 1
    this.#places = new Int32Array(size)
    this.#hashes = new Int32Array(rowsMax)
    this.#ends = new Int32Array(rowsMax + 1)
  }

  /** The value of `[from, to)`; made at the first sight, and again when the table was full meanwhile. */
  get(bytes: Buffer, from: number, to: number): T {
    const length = to - from
    if (length > LENGTH_MAX) return this.#make(bytes, from, to)
    if (bytes !== seen) look(bytes)
    let hash = length
    let at = from
    for (; at + 4 <= to; at += 4) hash = Math.imul(hash ^ words.getInt32(at, true), 0x9e3779b1) ^ (hash >>> 15)
    for (; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x9e3779b1)
    let place = (hash ^ (hash >>> 16)) & this.#mask
    for (let row = this.#places[place]!; row !== 0; row = this.#places[place]!) {
      if (this.#hashes[row - 1] === hash && this.#isKey(row - 1, bytes, from, length)) return this.#values[row - 1]! // a row has its value
      place = (place + 1) & this.#mask
    }
    const value = this.#make(bytes, from, to)
    if (this.#rows === this.#rowsMax) {
      this.#places.fill(0) // what repeats is soon back; what does not would keep it out
      this.#rows = 0
    }
    this.#keep(place, hash, bytes, from, to)
    this.#values[this.#rows - 1] = value
    return value
  }

  #isKey(row: number, bytes: Buffer, from: number, length: number): boolean {
    const start = this.#ends[row]!
    if (this.#ends[row + 1]! - start !== length) return false
    let at = 0
    for (; at + 4 <= length; at += 4) if (this.#keyWords.getInt32(start + at) !== words.getInt32(from + at)) return false
    for (; at < length; at++) if (this.#keys[start + at] !== bytes[from + at]) return false
    return true
  }

  #keep(place: number, hash: number, bytes: Buffer, from: number, to: number): void {
    const start = this.#ends[this.#rows]!
    const end = start + to - from
    if (end > this.#keys.length) {
      const grown = new Uint8Array(Math.max(end, this.#keys.length * 2))
      grown.set(this.#keys)
      this.#keys = grown
      this.#keyWords = new DataView(grown.buffer)
    }
    for (let at = from; at < to; at++) this.#keys[start + at - from] = bytes[at]!  // within the body
    this.#hashes[this.#rows] = hash
    this.#ends[++this.#rows] = end
    this.#places[place] = this.#rows
  }
}
