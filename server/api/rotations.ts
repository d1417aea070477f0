import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { Rotation } from '#server/contracts/security.ts'
import { requestRotation, wishRotation } from '#server/identity/rotation-wishes.ts'
import { isWishTaken, readRotation, readRotations } from '#server/queries/rotations.ts'
import { requireRole, type ApiContext } from './context.ts'
import { created, jsonBody, ListQuery, listOf, MeshQuery, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['Security']
/** Control looks twice a second; an answer that already shows its step saves the caller a second look. */
const TAKEN_MS = 2500
const POLL_MS = 100

const Id = z.object({ id: z.uuid() })

const list = createRoute({ method: 'get', path: '/rotations', tags, summary: 'Rotations of the issuing certificate, newest first', request: { query: ListQuery }, responses: ok(listOf(Rotation), 'Rotations') })
const get = createRoute({ method: 'get', path: '/rotations/{id}', tags, summary: 'One rotation, with the evidence of each proxy', request: { params: Id, query: MeshQuery }, responses: ok(Rotation, 'The rotation') })
const start = createRoute({
  method: 'post',
  path: '/rotations',
  tags,
  summary: 'Rotate the issuing certificate: trust both, re-issue, prove, and then, confirmed, retire the old',
  request: { query: MeshQuery, ...jsonBody(z.strictObject({ reason: z.string().max(500).default('') })) },
  responses: created(Rotation, 'Begun'),
})
const wish = createRoute({
  method: 'post',
  path: '/rotations/{id}/{wish}',
  tags,
  summary: 'Pause, resume or cancel a rotation, or confirm its last step',
  request: { params: Id.extend({ wish: z.enum(['pause', 'resume', 'cancel', 'retire']) }), query: MeshQuery },
  responses: ok(Rotation, 'The rotation, as control has taken it up'),
})

export const rotations = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor } = c.req.valid('query')
    const [after] = readCursor(cursor, z.tuple([z.uuid()])) ?? []
    const found = await readRotations(c.var.db, c.var.mesh, { limit: limit + 1, after })
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    return c.json({ items, metadata: { continue: last ? writeCursor([last.id]) : null, resourceVersion: '0' } }, 200)
  })
  .openapi(get, async (c) => {
    requireRole(c, 'viewer')
    return c.json(await answer(c, c.req.valid('param').id), 200)
  })
  .openapi(start, async (c) => {
    const caller = requireRole(c, 'admin')
    const id = await requestRotation(c.var.db, { mesh: c.var.mesh, by: caller.name, reason: c.req.valid('json').reason })
    await untilTaken(c, id)
    return c.json(await answer(c, id), 201)
  })
  .openapi(wish, async (c) => {
    const caller = requireRole(c, 'admin')
    const { id, wish } = c.req.valid('param')
    await wishRotation(c.var.db, { mesh: c.var.mesh, id, wish, by: caller.name })
    await untilTaken(c, id)
    return c.json(await answer(c, id), 200)
  })

async function answer(c: ApiContext, id: string): Promise<Rotation> {
  const rotation = await readRotation(c.var.db, c.var.mesh, id)
  if (!rotation) throw new MeshError('not_found', `there is no rotation ${id}`)
  return rotation
}

async function untilTaken(c: ApiContext, id: string): Promise<void> {
  const deadline = Date.now() + TAKEN_MS
  while (Date.now() < deadline && !(await isWishTaken(c.var.db, c.var.mesh, id))) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}
