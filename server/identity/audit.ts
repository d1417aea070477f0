import type { AuditEntry } from '../contracts/security.ts'

type Query = { query(sql: string, values: unknown[]): Promise<unknown> }

export interface IdentityAudit {
  mesh: string
  actor: string
  /** `certificate.issue`, `certificate.revoke`, `proxy.enrol`, `rotation.step`, … */
  action: string
  target: string
  result: AuditEntry['result']
  detail?: Record<string, unknown>
}

/** On a transaction's own connection the entry stands or falls with what it tells of. */
export async function auditIdentity(query: Query, row: IdentityAudit): Promise<void> {
  await query.query('insert into audit (mesh, actor, action, target, result, detail) values ($1, $2, $3, $4, $5, $6)', [
    row.mesh,
    row.actor,
    row.action,
    row.target,
    row.result,
    JSON.stringify(row.detail ?? {}),
  ])
}
