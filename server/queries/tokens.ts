import { z } from 'zod'
import { Role } from '#server/contracts/security.ts'
import type { Db } from '#server/db/client.ts'

export const ApiToken = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters, to recognise it by. */
  prefix: z.string(),
  role: Role,
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  state: z.enum(['valid', 'expired', 'revoked']),
})
export type ApiToken = z.infer<typeof ApiToken>

/** Newest first; among `ids` alone when they are given. `after` is the id of the last on the page before. */
export async function readTokens(db: Db, page: { ids: string[] | null; limit: number; after?: string }): Promise<ApiToken[]> {
  const { ids, limit, after } = page
  const rows = await db.prisma.apiToken.findMany({
    where: ids ? { id: { in: ids } } : {},
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit,
    ...(after && { cursor: { id: after }, skip: 1 }),
    omit: { hash: true, madeBy: true },
  })
  return rows.map(({ revokedAt, ...row }) => ({
    ...row,
    role: Role.parse(row.role),
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    state: revokedAt ? 'revoked' : row.expiresAt && row.expiresAt < new Date() ? 'expired' : 'valid',
  }))
}
