import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { createToken, revokeToken, tokensMadeBy } from '#server/auth/tokens.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { Role } from '#server/contracts/security.ts'
import { recordAudit } from '#server/db/audit.ts'
import { ApiToken, readTokens } from '#server/queries/tokens.ts'
import { requireRole, roleCovers, type ApiContext } from './context.ts'
import { created, jsonBody, ListQuery, listOf, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['API tokens']
const DAYS_MAX = 365
const NewToken = z.strictObject({ name: z.string().min(1).max(100), role: Role, expiresInDays: z.number().int().min(1).max(DAYS_MAX).default(90) })

const list = createRoute({ method: 'get', path: '/tokens', tags, summary: 'The API tokens that you made; all of them for an administrator', request: { query: ListQuery }, responses: ok(listOf(ApiToken), 'Tokens, never their secret') })
const create = createRoute({
  method: 'post',
  path: '/tokens',
  tags,
  summary: 'Make a token with at most your own role',
  request: jsonBody(NewToken),
  responses: created(z.object({ id: z.string(), token: z.string(), name: z.string(), role: Role, expiresAt: z.string() }), 'The token, shown this once'),
})
const revoke = createRoute({
  method: 'delete',
  path: '/tokens/{id}',
  tags,
  summary: 'Revoke a token of yours, or any as an administrator, and the tokens made with it',
  request: { params: z.object({ id: z.uuid() }) },
  responses: ok(z.object({ id: z.string() }), 'Revoked'),
})

export const tokens = newRoutes()
  .openapi(list, async (c) => {
    const { limit, continue: cursor } = c.req.valid('query')
    const found = await readTokens(c.var.db, { ids: await visibleTokens(c), limit: limit + 1, after: readCursor(cursor, z.tuple([z.uuid()]))?.[0] })
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    return c.json({ items, metadata: { continue: last ? writeCursor([last.id]) : null, resourceVersion: '0' } }, 200)
  })
  .openapi(create, async (c) => {
    const caller = requireRole(c, 'viewer')
    const { name, role, expiresInDays } = c.req.valid('json')
    if (!roleCovers(caller.role, role)) throw new MeshError('forbidden', `you are ${caller.role}; a token of yours cannot be ${role}`)
    const expiresAt = new Date(Date.now() + expiresInDays * 86_400_000)
    const { id, token } = await createToken(c.var.db, { name, role, maker: caller, expiresAt })
    await recordAudit(c.var.db.pool, { mesh: null, actor: caller.name, action: 'token.create', target: name, result: 'ok', detail: { id, role, expiresAt } })
    return c.json({ id, token, name, role, expiresAt: expiresAt.toISOString() }, 201)
  })
  .openapi(revoke, async (c) => {
    const caller = requireRole(c, 'viewer')
    const { id } = c.req.valid('param')
    const visible = await visibleTokens(c)
    const name = visible === null || visible.includes(id) ? await revokeToken(c.var.db, id) : null
    if (name === null) throw new MeshError('not_found', 'you have no valid token of this id')
    await recordAudit(c.var.db.pool, { mesh: null, actor: caller.name, action: 'token.revoke', target: name, result: 'ok', detail: { id } })
    return c.json({ id }, 200)
  })

/** Ids of the tokens that the caller may see and revoke; null for an administrator, who may all. */
async function visibleTokens(c: ApiContext): Promise<string[] | null> {
  const caller = requireRole(c, 'viewer')
  return caller.role === 'admin' ? null : tokensMadeBy(c.var.db, caller.id)
}
