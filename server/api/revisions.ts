import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { RevisionNumber } from '#server/contracts/ids.ts'
import { Kind } from '#server/contracts/object.ts'
import { DryRun, Revision, RevisionStatus } from '#server/contracts/status.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import { planRevert } from '#server/changes/revert.ts'
import { readRevision, readRevisions } from '#server/queries/revisions.ts'
import { commit } from './commit.ts'
import { requireRole } from './context.ts'
import { dryRun } from './dry-run.ts'
import { ListQuery, MeshQuery, listOf, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['Revisions']
const params = z.object({ revision: RevisionNumber.pipe(z.number().max(2_147_483_647)) })

const list = createRoute({
  method: 'get',
  path: '/revisions',
  tags,
  summary: 'Every change of the mesh, newest first',
  request: { query: ListQuery.extend({ kind: Kind.optional(), namespace: z.string().max(63).optional(), name: z.string().max(253).optional() }) },
  responses: ok(listOf(Revision), 'A page of revisions'),
})

const read = createRoute({
  method: 'get',
  path: '/revisions/{revision}',
  tags,
  summary: 'One revision: who, when, why, before and after',
  request: { params, query: MeshQuery },
  responses: ok(Revision, 'The revision'),
})

const status = createRoute({
  method: 'get',
  path: '/revisions/{revision}/status',
  tags,
  summary: 'How many of the proxies that need a revision have taken it',
  request: { params, query: MeshQuery },
  responses: ok(RevisionStatus, 'Accepted by n of N'),
})

const revert = createRoute({
  method: 'post',
  path: '/revisions/{revision}/revert',
  tags,
  summary: 'Take a revision back, as a new revision',
  request: { params, query: MeshQuery.extend({ dryRun: z.literal('All').optional() }), body: { required: false, content: { 'application/json': { schema: z.strictObject({ reason: z.string().max(500).optional() }) } } } },
  responses: ok(z.union([Revision, DryRun]), 'The new revision, or what a dry run found'),
})

export const revisions = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor, kind, namespace, name } = c.req.valid('query')
    const before = readCursor(cursor, z.tuple([z.number().int()]))?.[0] ?? null
    const object = kind && namespace && name ? { kind, namespace, name } : undefined
    const items = await readRevisions(c.var.db, c.var.mesh, { limit: limit + 1, before, object })
    const page = items.slice(0, limit)
    const last = items.length > limit ? page.at(-1) : undefined
    return c.json({ items: page, metadata: { continue: last ? writeCursor([last.revision]) : null, resourceVersion: String(page[0]?.revision ?? 0) } }, 200)
  })
  .openapi(read, async (c) => {
    requireRole(c, 'viewer')
    const { revision } = c.req.valid('param')
    const found = await readRevision(c.var.db, c.var.mesh, revision)
    if (!found) throw new MeshError('not_found', `there is no revision ${revision}`)
    return c.json(found, 200)
  })
  .openapi(status, async (c) => {
    requireRole(c, 'viewer')
    const driver = await driverOf(c.var.db, c.var.mesh)
    return c.json(await driver.observe(c.var.mesh, c.req.valid('param').revision), 200)
  })
  .openapi(revert, async (c) => {
    requireRole(c, 'operator')
    const { db, mesh } = c.var
    const { revision } = c.req.valid('param')
    const changes = await planRevert(db, mesh, revision)
    if (c.req.valid('query').dryRun) return dryRun(c, changes)
    const reason = c.req.valid('json').reason ?? `revert of revision ${revision}`
    const { revision: made } = await commit(c, changes, { reason, reverts: revision })
    if (made === null) throw new MeshError('conflict', `revision ${revision} is already taken back`)
    const found = await readRevision(db, mesh, made)
    return c.json(found!, 200, { 'x-heddle-revision': String(made) }) // revisions are never deleted
  })
