// PostgreSQL's binary COPY format. https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
import { finished } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { PoolClient } from '#server/db/pool.ts'
import type { ByteWriter } from '#server/otlp/writer.ts'

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
/** Microseconds from 1970 to 2000, where PostgreSQL's time begins. */
export const EPOCH_US = 946_684_800_000_000

export function beginCopy(writer: ByteWriter): void {
  writer.raw(HEADER)
}

export function endCopy(writer: ByteWriter): void {
  writer.int16be(-1)
}

export function copyNull(writer: ByteWriter): void {
  writer.int32be(-1)
}

export function copyTime(writer: ByteWriter, timeUs: number): void {
  writer.int32be(8)
  writer.int64be(timeUs - EPOCH_US)
}

export function copyBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.int32be(bytes.length)
  writer.raw(bytes)
}

/** `length` bytes of a buffer, without making a view of them. */
export function copySlice(writer: ByteWriter, bytes: Buffer, from: number, length: number): void {
  writer.int32be(length)
  writer.slice(bytes, from, from + length)
}

export function copyInt32(writer: ByteWriter, value: number | null): void {
  if (value === null) return copyNull(writer)
  writer.int32be(4)
  writer.int32be(value)
}

export function copyInt16(writer: ByteWriter, value: number | null): void {
  if (value === null) return copyNull(writer)
  writer.int32be(2)
  writer.int16be(value)
}

export function copyBoolean(writer: ByteWriter, value: boolean): void {
  writer.int32be(1)
  writer.take(1).setUint8(writer.length - 1, value ? 1 : 0)
}

export function copyText(writer: ByteWriter, value: string | null): void {
  if (value === null) return copyNull(writer)
  writer.utf8(value)
}

/** Sends a finished COPY; `into` is a table with its columns in the order of the fields. */
export async function sendCopy(client: PoolClient, into: string, body: Buffer): Promise<void> {
  const stream = client.query(copyFrom(`copy ${into} from stdin with (format binary)`))
  stream.end(body)
  await finished(stream)
}
