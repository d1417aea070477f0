import { z } from 'zod'
import type { Db } from '#server/db/client.ts'

/** Ten seconds of one collector: what it took, and what it refused with the reason. */
export const IngestBucket = z.object({
  collector: z.string(),
  at: z.string(),
  requests: z.number(),
  spans: z.number(),
  points: z.number(),
  bytes: z.number(),
  /** Messages of agents that were not kept, because content is off for their sender. */
  contentDropped: z.number(),
  /** Slowest receive-to-commit. */
  lagMs: z.number(),
  waitingBytes: z.number(),
  refused: z.record(z.string(), z.number()),
  /** What rules of redaction took out, by mark. */
  redacted: z.record(z.string(), z.number()),
})
export type IngestBucket = z.infer<typeof IngestBucket>

/** How each collector fared since `from`, oldest first; of more than `limit` buckets the newest. */
export async function readIngest(db: Db, { from, limit }: { from: Date; limit: number }): Promise<IngestBucket[]> {
  const { rows } = await db.pool.query<Omit<IngestBucket, 'at'> & { at: Date }>(
    `select collector, bucket as at, requests::float8, spans::float8, points::float8, bytes::float8, content_dropped::float8 as "contentDropped",
            lag_ms as "lagMs", waiting_bytes::float8 as "waitingBytes", refused, redacted
       from telemetry.ingest where bucket >= $1 order by bucket desc, collector desc limit $2`,
    [from, limit],
  )
  return rows.reverse().map((row) => ({ ...row, at: row.at.toISOString() }))
}
