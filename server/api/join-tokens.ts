import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { DnsLabel, NAMESPACE_DEFAULT } from '#server/contracts/ids.ts'
import { recordAudit } from '#server/db/audit.ts'
import { createJoinToken, JOIN_TOKEN_LIFE_MS } from '#server/identity/tokens.ts'
import { requireRole } from './context.ts'
import { created, jsonBody, MeshQuery, newRoutes } from './routes.ts'

const NewJoinToken = z.strictObject({
  agent: DnsLabel,
  namespace: DnsLabel.default(NAMESPACE_DEFAULT),
  lifeMinutes: z.number().int().min(1).max(JOIN_TOKEN_LIFE_MS.max / 60_000).default(JOIN_TOKEN_LIFE_MS.default / 60_000),
})

const create = createRoute({
  method: 'post',
  path: '/join-tokens',
  tags: ['Security'],
  summary: 'Make a token that lets one sidecar of an agent in, once',
  request: { query: MeshQuery, ...jsonBody(NewJoinToken) },
  responses: created(z.object({ id: z.string(), token: z.string(), agent: z.string(), namespace: z.string(), expiresAt: z.string() }), 'The token, shown this once'),
})

export const joinTokens = newRoutes().openapi(create, async (c) => {
  const caller = requireRole(c, 'operator')
  const { agent, namespace, lifeMinutes } = c.req.valid('json')
  const { db, mesh } = c.var
  const made = await createJoinToken(db.pool, { mesh, namespace, agent, createdBy: caller.name, lifeMs: lifeMinutes * 60_000 })
  await recordAudit(db.pool, { mesh, actor: caller.name, action: 'join-token.create', target: `${namespace}/${agent}`, result: 'ok', detail: { id: made.id, expiresAt: made.expiresAt } })
  return c.json(made, 201)
})
