import { WIRE } from './wire.ts'

/** Grows as it is written to: protobuf messages, and PostgreSQL's binary COPY. */
export class ByteWriter {
  #buffer: Buffer
  #view: DataView
  #at = 0

  constructor(size = 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(size)
    this.#view = new DataView(this.#buffer.buffer)
  }

  get length(): number {
    return this.#at
  }

  /** What was written; it shares memory with the writer until `reset`. */
  done(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  reset(): void {
    this.#at = 0
  }

  reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
    this.#view = new DataView(grown.buffer)
  }

  /** Makes room for `bytes` more, counts them as written, and hands out the whole to write them into: they are its last. */
  take(bytes: number): DataView {
    this.reserve(bytes)
    this.#at += bytes
    return this.#view
  }

  varint(value: number): void {
    this.reserve(10)
    while (value > 127) {
      this.#buffer[this.#at++] = (value % 128) | 0x80
      value = Math.floor(value / 128)
    }
    this.#buffer[this.#at++] = value
  }

  varint64(value: bigint): void {
    this.reserve(10)
    let rest = BigInt.asUintN(64, value)
    while (rest > 127n) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#at++] = Number(rest)
  }

  tag(field: number, wire: (typeof WIRE)[keyof typeof WIRE]): void {
    this.varint(field * 8 + wire)
  }

  fixed64(value: bigint): void {
    this.reserve(8)
    this.#at = this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.#at)
  }

  double(value: number): void {
    this.reserve(8)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
  }

  fixed32(value: number): void {
    this.reserve(4)
    this.#at = this.#buffer.writeUInt32LE(value >>> 0, this.#at)
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** `[from, to)` of a buffer, without making a view of it. */
  slice(bytes: Buffer, from: number, to: number): void {
    this.reserve(to - from)
    bytes.copy(this.#buffer, this.#at, from, to)
    this.#at += to - from
  }

  /** A length-delimited field of bytes. */
  field(number: number, bytes: Uint8Array): void {
    this.tag(number, WIRE.bytes)
    this.varint(bytes.length)
    this.raw(bytes)
  }

  textField(number: number, text: string): void {
    this.tag(number, WIRE.bytes)
    const length = Buffer.byteLength(text)
    this.varint(length)
    this.reserve(length)
    this.#buffer.write(text, this.#at)
    this.#at += length
  }

  /** A nested message: written, then moved behind its length. */
  message(number: number, write: () => void): void {
    this.tag(number, WIRE.bytes)
    const start = this.#at
    write()
    const length = this.#at - start
    const prefix = varintSize(length)
    this.reserve(prefix)
    this.#buffer.copyWithin(start + prefix, start, this.#at)
    this.#at = start
    this.varint(length)
    this.#at = start + prefix + length
  }

  // Big-endian: PostgreSQL's binary format.
  int16be(value: number): void {
    this.reserve(2)
    this.#at = this.#buffer.writeInt16BE(value, this.#at)
  }

  int32be(value: number): void {
    this.reserve(4)
    this.#at = this.#buffer.writeInt32BE(value, this.#at)
  }

  /** A whole number of at most 53 bits as eight bytes. */
  int64be(value: number): void {
    this.reserve(8)
    this.#buffer.writeInt32BE(Math.floor(value / 0x100000000), this.#at)
    this.#buffer.writeUInt32BE(value - Math.floor(value / 0x100000000) * 0x100000000, this.#at + 4)
    this.#at += 8
  }

  utf8(text: string): void {
    const length = Buffer.byteLength(text)
    this.int32be(length)
    this.reserve(length)
    this.#buffer.write(text, this.#at)
    this.#at += length
  }
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}
