import type { AuditEntry } from '#server/contracts/security.ts'
import type { Db } from '#server/db/client.ts'

export interface AuditFilter {
  /** Entries older than this one. */
  before: number | null
  actor?: string
  action?: string
  result?: AuditEntry['result']
  from?: Date
  to?: Date
}

/** Newest first. */
export async function readAudit(db: Db, mesh: string, filter: AuditFilter, limit: number): Promise<AuditEntry[]> {
  const { rows } = await db.pool.query<{ seq: string; at: Date } & Omit<AuditEntry, 'seq' | 'at'>>(
    `select seq, at, actor, action, target, result, detail from audit
      where (mesh = $1 or mesh is null) and ($2::bigint is null or seq < $2)
        and ($3::text is null or actor = $3) and ($4::text is null or action = $4 or starts_with(action, $4 || '.')) and ($5::text is null or result = $5)
        and ($6::timestamptz is null or at >= $6) and ($7::timestamptz is null or at < $7)
      order by seq desc limit $8`,
    [mesh, filter.before, filter.actor ?? null, filter.action ?? null, filter.result ?? null, filter.from ?? null, filter.to ?? null, limit],
  )
  return rows.map((row) => ({ ...row, seq: Number(row.seq), at: row.at.toISOString() }))
}
