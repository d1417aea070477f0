import pg from 'pg'
import type { DbRole } from './pool.ts'

/**
 * The role that a process takes on in PostgreSQL: its own, or the login itself where the login may not take it on (a managed
 * PostgreSQL that forbids roles).
 */
export async function usableRole(databaseUrl: string, role: Exclude<DbRole, 'owner'>): Promise<DbRole> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 3000 })
  await client.connect()
  try {
    const { rows } = await client.query<{ usable: boolean }>(
      `select exists (select from pg_roles where rolname = $1 and pg_has_role(current_user, oid, 'member'))
              and has_table_privilege((select oid from pg_roles where rolname = $1), 'public.audit', 'insert') as usable`,
      [role],
    )
    return rows[0]?.usable ? role : 'owner'
  } finally {
    await client.end()
  }
}
