// The one way into the audit log. PostgreSQL refuses to change or delete a row (migration 0001).
import type { AuditEntry } from '#server/contracts/security.ts'

export interface AuditRow {
  mesh: string | null
  actor: string
  /** Verb and noun: `sign-in`, `token.create`, `commit`, `certificate.revoke`. */
  action: string
  target: string
  result: AuditEntry['result']
  /** Words and numbers only, never a secret. */
  detail?: Record<string, unknown>
}

type Query = { query(sql: string, values: unknown[]): Promise<unknown> }

/** On a transaction's own connection the entry stands or falls with what it tells of. */
export async function recordAudit(query: Query, row: AuditRow): Promise<void> {
  await query.query('insert into audit (mesh, actor, action, target, result, detail) values ($1, $2, $3, $4, $5, $6)', [
    row.mesh,
    row.actor,
    row.action,
    row.target,
    row.result,
    JSON.stringify(row.detail ?? {}),
  ])
}
