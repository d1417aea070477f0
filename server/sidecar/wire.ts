// Protocol buffers by hand, for the few fields of xDS that a sidecar looks at: what it relays it does not understand, and so cannot
// lose when a newer control or Envoy says more. https://protobuf.dev/programming-guides/encoding/

export interface Field {
  number: number
  /** Bytes of a length-delimited field; empty for the other wire types, which nothing here needs. */
  bytes: Buffer
}

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const FIXED32 = 5

/** The fields of a message in their order. Throws `RangeError` on bytes that are no message. */
export function* readFields(message: Buffer): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]
      if (byte === undefined) throw new RangeError('the protobuf message ends within a number')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    let length = 0
    switch (tag % 8) {
      case VARINT:
        varint()
        break
      case FIXED64:
        at += 8
        break
      case FIXED32:
        at += 4
        break
      case DELIMITED:
        length = varint()
        break
      default:
        throw new RangeError(`protobuf wire type ${tag % 8} is not used`)
    }
    if (at + length > message.length) throw new RangeError('the protobuf message is cut short')
    yield { number, bytes: message.subarray(at, at + length) }
    at += length
  }
}

/** One length-delimited field. */
export function field(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([encodeVarint(number * 8 + DELIMITED), encodeVarint(bytes.length), bytes])
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
