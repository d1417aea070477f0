// API tokens: `hdl_` and 256 random bits, kept as a hash, shown once.
import { randomUUID } from 'node:crypto'
import { Role } from '#server/contracts/security.ts'
import type { Db } from '#server/db/client.ts'
import type { Caller } from './caller.ts'
import { hashSecret, mintSecret } from './secrets.ts'

export const TOKEN_PREFIX = 'hdl_'
const LAST_USED_EVERY = '1 minute' // one write a minute and token is enough to see whether it is used

export interface NewToken {
  id: string
  /** The only time that the token itself is to be had. */
  token: string
}

export async function createToken(db: Db, options: { name: string; role: Role; createdBy: string; expiresAt: Date | null }): Promise<NewToken> {
  const id = randomUUID()
  const token = mintSecret(TOKEN_PREFIX)
  await db.pool.query('insert into api_token (id, name, prefix, hash, role, created_by, expires_at) values ($1, $2, $3, $4, $5, $6, $7)', [
    id,
    options.name,
    token.slice(0, TOKEN_PREFIX.length + 6),
    hashSecret(token),
    options.role,
    options.createdBy,
    options.expiresAt,
  ])
  return { id, token }
}

/** The caller behind a token; null when it is unknown, expired or revoked. */
export async function findTokenCaller(db: Db, token: string): Promise<Caller | null> {
  const hash = hashSecret(token)
  const { rows } = await db.pool.query<{ id: string; name: string; role: string; stale: boolean }>(
    `select id, name, role, last_used_at is null or last_used_at < now() - interval '${LAST_USED_EVERY}' as stale
       from api_token where hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [hash],
  )
  const [row] = rows
  if (!row) return null
  if (row.stale) await db.pool.query('update api_token set last_used_at = now() where hash = $1', [hash])
  return { kind: 'token', id: row.id, name: `token ${row.name}`, role: Role.parse(row.role) }
}

/** Revokes a valid token (of `createdBy` alone when given); its name, or null when there is none such. */
export async function revokeToken(db: Db, id: string, createdBy: string | null): Promise<string | null> {
  const { rows } = await db.pool.query<{ name: string }>(
    'update api_token set revoked_at = now() where id = $1 and revoked_at is null and ($2::text is null or created_by = $2) returning name',
    [id, createdBy],
  )
  return rows[0]?.name ?? null
}
