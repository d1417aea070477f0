import { inTransaction, type Pool } from '#server/db/pool.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { withDays } from '../days.ts'
import { beginCopy, copyBytes, copyInt16, copyInt32, copyNull, copyTime, endCopy, sendCopy } from '../spans/copy.ts'
import type { Dictionary, GroupIds } from '../spans/dictionary.ts'
import type { LogRow } from './row.ts'

/** When this returns the records are committed. */
export async function writeLogs({ pool, dictionary }: { pool: Pool; dictionary: Dictionary }, records: readonly LogRow[]): Promise<void> {
  const groups = new Map<LogRow['group'], GroupIds>()
  for (const { group } of records) if (!groups.has(group)) groups.set(group, await dictionary.groupOf(group))
  await withDays(pool, records.map((record) => record.timeUs), () =>
    inTransaction(pool, (client) => sendCopy(client, 'telemetry.log (time, trace_id, span_id, service_id, resource_id, scope_id, sender_id, severity, bytes, content)', copyRecords(records, groups))),
  )
}

function copyRecords(records: readonly LogRow[], groups: ReadonlyMap<LogRow['group'], GroupIds>): Buffer {
  const writer = new ByteWriter(4096)
  beginCopy(writer)
  for (const record of records) {
    const ids = groups.get(record.group)! // filled for every group
    writer.int16be(10)
    copyTime(writer, record.timeUs)
    copyBytes(writer, record.traceId)
    if (record.spanId === null) copyNull(writer)
    else copyBytes(writer, record.spanId)
    copyInt32(writer, ids.service.id)
    copyInt32(writer, ids.resource)
    copyInt32(writer, ids.scope)
    copyInt32(writer, ids.sender)
    copyInt16(writer, record.severity)
    copyBytes(writer, record.bytes)
    if (record.content === null) copyNull(writer)
    else copyBytes(writer, record.content)
  }
  endCopy(writer)
  return writer.done()
}
