// Conversations over their traces, and the prices by which their cost is reckoned.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { Prices, Session, SessionDetail } from '#server/contracts/sessions.ts'
import { recordAudit } from '#server/db/audit.ts'
import { inTransaction } from '#server/db/pool.ts'
import { readPrices, writePrices } from '#server/queries/prices.ts'
import { readSession, readSessions } from '#server/queries/sessions.ts'
import { requireRole } from './context.ts'
import { jsonBody, ListQuery, listOf, MeshQuery, newRoutes, ok, readCursor, writeCursor } from './routes.ts'
import { readWindow, WindowQuery } from './window.ts'

const tags = ['Sessions']
const WINDOW_DEFAULT = '24h'
/** What a collector stores of a conversation's id. */
const Conversation = z.string().min(1).max(255).regex(/^[^\u0000]*$/u)
const Cursor = z.tuple([z.string().regex(/^\d{1,17}$/), z.union([Conversation, z.literal('')])])

const list = createRoute({
  method: 'get',
  path: '/sessions',
  tags,
  summary: 'Conversations with a span in the window, newest first, with tokens, cost and outcome',
  request: { query: ListQuery.extend(WindowQuery).extend({ service: z.string().max(512).optional() }) },
  responses: ok(listOf(Session), 'A page of conversations'),
})
const read = createRoute({
  method: 'get',
  path: '/sessions/{conversation}',
  tags,
  summary: 'One conversation: its traces in order of time, and what it used of each model',
  request: { params: z.object({ conversation: Conversation }), query: MeshQuery },
  responses: ok(SessionDetail, 'The conversation'),
})
const prices = createRoute({ method: 'get', path: '/prices', tags, summary: 'What a million tokens of each model cost', request: { query: MeshQuery }, responses: ok(Prices, 'The prices') })
const price = createRoute({ method: 'put', path: '/prices', tags, summary: 'Set the prices; past conversations are reckoned by them as well', request: { query: MeshQuery, ...jsonBody(Prices) }, responses: ok(Prices, 'The prices') })

export const sessions = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor, service, mesh: _, ...window } = c.req.valid('query')
    const after = readCursor(cursor, Cursor)
    const page = await readSessions(c.var.db, c.var.mesh, { ...readWindow(window, WINDOW_DEFAULT), service: service || undefined, limit, after: after ? { atUs: after[0], conversation: after[1] } : undefined })
    return c.json({ items: page.items, metadata: { continue: page.next ? writeCursor([page.next.atUs, page.next.conversation]) : null, resourceVersion: '' } }, 200)
  })
  .openapi(read, async (c) => {
    requireRole(c, 'viewer')
    const found = await readSession(c.var.db, c.var.mesh, c.req.valid('param').conversation)
    if (!found) throw new MeshError('not_found', 'there is no such conversation; it may be older than what is kept')
    return c.json(found, 200)
  })
  .openapi(prices, async (c) => {
    requireRole(c, 'viewer')
    return c.json(await readPrices(c.var.db, c.var.mesh), 200)
  })
  .openapi(price, async (c) => {
    const caller = requireRole(c, 'operator')
    const wanted = c.req.valid('json')
    const before = await readPrices(c.var.db, c.var.mesh)
    await inTransaction(c.var.db.pool, async (client) => {
      await writePrices(client, c.var.mesh, wanted)
      await recordAudit(client, { mesh: c.var.mesh, actor: caller.name, action: 'prices.set', target: 'prices', result: 'ok', detail: { before, after: wanted } })
    })
    return c.json(wanted, 200)
  })
