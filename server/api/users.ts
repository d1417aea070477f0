import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { changeUser, createUser, deleteUser, setPassword } from '#server/auth/users.ts'
import { createSignInSecret, signInUrl } from '#server/auth/links.ts'
import { PASSWORD } from '#server/auth/auth.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { Role } from '#server/contracts/security.ts'
import { recordAudit } from '#server/db/audit.ts'
import { User, readUser, readUsers } from '#server/queries/users.ts'
import { requireRole, type ApiContext } from './context.ts'
import { ListQuery, created, jsonBody, listOf, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['People']
const params = z.object({ id: z.string().min(1).max(64) })
const Name = z.string().min(1).max(200)

const list = createRoute({ method: 'get', path: '/users', tags, summary: 'People who may sign in', request: { query: ListQuery }, responses: ok(listOf(User), 'People') })
const create = createRoute({
  method: 'post',
  path: '/users',
  tags,
  summary: 'Let somebody in; they come by the link',
  request: jsonBody(z.strictObject({ email: z.email().max(320), name: Name.optional(), role: Role })),
  responses: created(User.extend({ signInUrl: z.string() }), 'The person, and a one-time link for them'),
})
const change = createRoute({
  method: 'patch',
  path: '/users/{id}',
  tags,
  summary: 'Change role, name or password; a new role or password ends their sessions',
  request: { params, body: { required: true, content: { 'application/merge-patch+json': { schema: z.strictObject({ role: Role.optional(), name: Name.optional(), password: z.string().min(PASSWORD.min).max(PASSWORD.max).optional() }) } } } },
  responses: ok(User, 'The person'),
})
const remove = createRoute({ method: 'delete', path: '/users/{id}', tags, summary: 'Remove somebody with their sessions and tokens', request: { params }, responses: ok(User, 'Who it was') })

export const users = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'admin')
    const { limit, continue: cursor } = c.req.valid('query')
    const found = await readUsers(c.var.db, { limit: limit + 1, after: readCursor(cursor, z.tuple([z.string()]))?.[0] ?? null })
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    return c.json({ items, metadata: { continue: last ? writeCursor([last.email]) : null, resourceVersion: '0' } }, 200)
  })
  .openapi(create, async (c) => {
    requireRole(c, 'admin')
    const { email, name = email, role } = c.req.valid('json')
    const id = await createUser(c.var.db, { email, name, role })
    await audit(c, 'user.create', email, { role })
    const url = signInUrl(c.var.config.publicUrl, await createSignInSecret(c.var.db, id))
    return c.json({ ...(await mustRead(c, id)), signInUrl: url }, 201)
  })
  .openapi(change, async (c) => {
    requireRole(c, 'admin')
    const { id } = c.req.valid('param')
    const before = await mustRead(c, id)
    const { role, name, password } = c.req.valid('json')
    await changeUser(c.var.db, id, { role: role === before.role ? undefined : role, name })
    if (role && role !== before.role) await audit(c, 'user.role', before.email, { before: before.role, after: role })
    if (password !== undefined) {
      await setPassword(c.var.db, c.var.auth, id, password, null)
      await audit(c, 'password.set', before.email, {})
    }
    return c.json(await mustRead(c, id), 200)
  })
  .openapi(remove, async (c) => {
    requireRole(c, 'admin')
    const { id } = c.req.valid('param')
    const before = await mustRead(c, id)
    await deleteUser(c.var.db, id)
    await audit(c, 'user.delete', before.email, { role: before.role })
    return c.json(before, 200)
  })

async function mustRead(c: ApiContext, id: string): Promise<User> {
  const user = await readUser(c.var.db, { id })
  if (!user) throw new MeshError('not_found', 'there is nobody of this id')
  return user
}

async function audit(c: ApiContext, action: string, target: string, detail: Record<string, unknown>): Promise<void> {
  await recordAudit(c.var.db.pool, { mesh: null, actor: requireRole(c, 'admin').name, action, target, result: 'ok', detail })
}
