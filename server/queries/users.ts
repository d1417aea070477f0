import { z } from 'zod'
import { Role } from '#server/contracts/security.ts'
import type { Db } from '#server/db/client.ts'

export const User = z.object({ id: z.string(), email: z.string(), name: z.string(), role: Role, createdAt: z.string(), lastSeen: z.string().nullable(), hasPassword: z.boolean() })
export type User = z.infer<typeof User>

interface UserRow extends Omit<User, 'createdAt' | 'lastSeen'> {
  createdAt: Date
  lastSeen: Date | null
}

const SELECT = `
  select u.id, u.email, u.name, u.role, u."createdAt",
         (select max(s."updatedAt") from session s where s."userId" = u.id) as "lastSeen",
         exists (select from account a where a."userId" = u.id and a."providerId" = 'credential') as "hasPassword"
    from "user" u`

export async function readUsers(db: Db, page: { limit: number; after: string | null }): Promise<User[]> {
  const { rows } = await db.pool.query<UserRow>(`${SELECT} where $2::text is null or u.email > $2 order by u.email limit $1`, [page.limit, page.after])
  return rows.map(toUser)
}

export async function readUser(db: Db, by: { id: string } | { email: string }): Promise<User | null> {
  const { rows } = await db.pool.query<UserRow>('id' in by ? `${SELECT} where u.id = $1` : `${SELECT} where u.email = lower($1)`, ['id' in by ? by.id : by.email])
  return rows[0] ? toUser(rows[0]) : null
}

function toUser(row: UserRow): User {
  return { ...row, role: Role.parse(row.role), createdAt: row.createdAt.toISOString(), lastSeen: row.lastSeen?.toISOString() ?? null }
}
