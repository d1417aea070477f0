// What a client of a fleet reads of a response and says to it, by hand: names and versions, and an acknowledgement. It stands for a proxy on a
// machine of its own, whose reading of the resources costs control nothing; a thousand of them must not take the machine that control is measured on.
// https://github.com/envoyproxy/envoy/blob/main/api/envoy/service/discovery/v3/discovery.proto
import { cursorOf, eachField, readLength, skip, textOf, WIRE, type Cursor } from '../otlp/wire.ts'
import { ByteWriter } from '../otlp/writer.ts'

export interface NamedResponse {
  typeUrl: string
  nonce: string
  resources: { name: string; version: string }[]
  removed: string[]
}

const field = (number: number) => number * 8 + WIRE.bytes
const RESPONSE = { resources: field(2), typeUrl: field(4), nonce: field(5), removed: field(6) }
const RESOURCE = { version: field(1), name: field(3) }
const REQUEST = { typeUrl: 2, nonce: 6 }

/** Of a DeltaDiscoveryResponse. Throws for bytes that are none. */
export function readNames(message: Buffer): NamedResponse {
  const response: NamedResponse = { typeUrl: '', nonce: '', resources: [], removed: [] }
  const cursor = cursorOf(message)
  eachField(cursor, message.length, (tag) => {
    if (tag === RESPONSE.resources) response.resources.push(readResource(cursor))
    else if (tag === RESPONSE.typeUrl) response.typeUrl = readText(cursor)
    else if (tag === RESPONSE.nonce) response.nonce = readText(cursor)
    else if (tag === RESPONSE.removed) response.removed.push(readText(cursor))
    else skip(cursor, tag)
  })
  return response
}

/** The DeltaDiscoveryRequest that takes a response. */
export function encodeAck({ typeUrl, nonce }: Pick<NamedResponse, 'typeUrl' | 'nonce'>): Buffer {
  const writer = new ByteWriter(typeUrl.length + nonce.length + 8)
  writer.textField(REQUEST.typeUrl, typeUrl)
  writer.textField(REQUEST.nonce, nonce)
  return writer.done()
}

function readResource(cursor: Cursor): { name: string; version: string } {
  const resource = { name: '', version: '' }
  eachField(cursor, readLength(cursor), (tag) => {
    if (tag === RESOURCE.version) resource.version = readText(cursor)
    else if (tag === RESOURCE.name) resource.name = readText(cursor)
    else skip(cursor, tag)
  })
  return resource
}

function readText(cursor: Cursor): string {
  const end = readLength(cursor)
  const text = textOf(cursor.bytes, cursor.at, end)
  cursor.at = end
  return text
}
