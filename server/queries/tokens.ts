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

const TOKENS_MAX = 1000

/** Newest first; those of `createdBy` alone when it is given. */
export async function readTokens(db: Db, createdBy: string | null): Promise<ApiToken[]> {
  const rows = await db.prisma.apiToken.findMany({
    where: createdBy === null ? {} : { createdBy },
    orderBy: { createdAt: 'desc' },
    take: TOKENS_MAX,
    omit: { hash: true },
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
