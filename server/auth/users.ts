import { randomUUID } from 'node:crypto'
import { MeshError } from '#server/contracts/errors.ts'
import type { Role } from '#server/contracts/security.ts'
import type { Db } from '#server/db/client.ts'
import { inTransaction, type PoolClient } from '#server/db/pool.ts'
import type { Auth } from './auth.ts'
import { revokeTokensMadeBy } from './tokens.ts'

export const FIRST_ADMIN = 'admin@heddle.local'

/** On a store without people: one administrator, without a password, who comes in by a link. */
export async function ensureFirstAdmin(db: Db): Promise<void> {
  const { rowCount } = await db.pool.query(
    `insert into "user" (id, name, email, "emailVerified", role)
     select $1, 'Administrator', $2, true, 'admin' where not exists (select from "user") on conflict do nothing`,
    [randomUUID(), FIRST_ADMIN],
  )
  if (rowCount) await db.pool.query(`insert into audit (actor, action, target, result, detail) values ('first start', 'user.create', $1, 'ok', '{"role": "admin"}')`, [FIRST_ADMIN])
}

/** Roles that a token of a person with a role may have. */
const ROLES_WITHIN: Record<Role, Role[]> = { viewer: ['viewer'], operator: ['viewer', 'operator'], admin: ['viewer', 'operator', 'admin'] }

export async function createUser(db: Db, user: { email: string; name: string; role: Role }): Promise<string> {
  const { rows } = await db.pool.query<{ id: string }>(
    `insert into "user" (id, name, email, "emailVerified", role) values ($1, $2, $3, true, $4) on conflict (email) do nothing returning id`,
    [randomUUID(), user.name, user.email.toLowerCase(), user.role],
  )
  if (!rows[0]) throw new MeshError('conflict', `somebody with the address ${user.email} is here already`)
  return rows[0].id
}

/** A change of role ends every session of that person, so that no page goes on with the rights of before, and every token of theirs above it. */
export async function changeUser(db: Db, id: string, change: { role?: Role; name?: string }): Promise<void> {
  await inTransaction(db.pool, async (client) => {
    if (change.role && change.role !== 'admin') await keepOneAdmin(client, id)
    await client.query(`update "user" set role = coalesce($2, role), name = coalesce($3, name), "updatedAt" = now() where id = $1`, [id, change.role ?? null, change.name ?? null])
    if (!change.role) return
    await endSessions(client, id)
    await revokeTokensMadeBy(client, id, ROLES_WITHIN[change.role])
  })
}

export async function deleteUser(db: Db, id: string): Promise<void> {
  await inTransaction(db.pool, async (client) => {
    await keepOneAdmin(client, id)
    await revokeTokensMadeBy(client, id)
    await client.query(`delete from "user" where id = $1`, [id])
  })
}

/** Sets a password and ends every session but `keep`: whoever had the old one is out. */
export async function setPassword(db: Db, auth: Auth, userId: string, password: string, keep: string | null): Promise<void> {
  const { password: hasher, internalAdapter } = await auth.$context
  const hash = await hasher.hash(password)
  const accounts = await internalAdapter.findAccounts(userId)
  if (accounts.some((account) => account.providerId === 'credential')) await internalAdapter.updatePassword(userId, hash)
  else await internalAdapter.createAccount({ userId, providerId: 'credential', accountId: userId, password: hash })
  await endSessions(db.pool, userId, keep)
}

/** Null when the person has no password yet. */
export async function checkPassword(auth: Auth, userId: string, password: string): Promise<boolean | null> {
  const { password: hasher, internalAdapter } = await auth.$context
  const account = (await internalAdapter.findAccounts(userId)).find((one) => one.providerId === 'credential')
  if (!account?.password) return null
  return hasher.verify({ hash: account.password, password })
}

async function keepOneAdmin(client: PoolClient, without: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(`select id from "user" where role = 'admin' for update`)
  if (!rows.some(({ id }) => id !== without) && rows.some(({ id }) => id === without)) throw new MeshError('conflict', 'this is the last administrator; make another one first')
}

async function endSessions(query: { query(sql: string, values: unknown[]): Promise<unknown> }, userId: string, keep: string | null = null): Promise<void> {
  await query.query(`delete from session where "userId" = $1 and token is distinct from $2`, [userId, keep])
}
