// API tokens: `hdl_` and 256 random bits, kept as a hash, shown once.
import { randomUUID } from 'node:crypto'
import { Role } from '#server/contracts/security.ts'
import type { Db } from '#server/db/client.ts'
import { inTransaction, type PoolClient } from '#server/db/pool.ts'
import type { Caller } from './caller.ts'
import { hashSecret, mintSecret } from './secrets.ts'

export const TOKEN_PREFIX = 'hdl_'
const LAST_USED_EVERY = '1 minute' // one write a minute and token is enough to see whether it is used

export interface NewToken {
  id: string
  /** The only time that the token itself is to be had. */
  token: string
}

export async function createToken(db: Db, options: { name: string; role: Role; maker: Pick<Caller, 'id' | 'name'>; expiresAt: Date | null }): Promise<NewToken> {
  const id = randomUUID()
  const token = mintSecret(TOKEN_PREFIX)
  await db.pool.query('insert into api_token (id, name, prefix, hash, role, created_by, made_by, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)', [
    id,
    options.name,
    token.slice(0, TOKEN_PREFIX.length + 6),
    hashSecret(token),
    options.role,
    options.maker.name,
    options.maker.id,
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

/** The tokens that somebody ($1) made in a role not among $2, and those made with them. */
const MADE = `with recursive made as (
  select id from api_token where made_by = $1 and role <> all ($2)
  union select next.id from api_token next join made on next.made_by = made.id
)`

/** Ids of the tokens that a person or a token made, by whatever other tokens. */
export async function tokensMadeBy(db: Db, callerId: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>(`${MADE} select id from made`, [callerId, []])
  return rows.map(({ id }) => id)
}

/** Revokes a valid token and every token made with it; its name, or null when there is none such. */
export async function revokeToken(db: Db, id: string): Promise<string | null> {
  return inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ name: string }>('update api_token set revoked_at = now() where id = $1 and revoked_at is null returning name', [id])
    if (rows[0]) await revokeTokensMadeBy(client, id)
    return rows[0]?.name ?? null
  })
}

/** Revokes what a person or a token made; of a person's own tokens only those whose role is not among `keep`. */
export async function revokeTokensMadeBy(client: PoolClient, makerId: string, keep: readonly Role[] = []): Promise<void> {
  await client.query(`${MADE} update api_token set revoked_at = now() where id in (select id from made) and revoked_at is null`, [makerId, keep])
}
