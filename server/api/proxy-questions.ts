import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { ProxyAnswer, ProxyQuestion } from '#server/contracts/proxy-question.ts'
import { recordAudit } from '#server/db/audit.ts'
import { askProxy } from '#server/queries/ask-proxy.ts'
import { readProxies } from '#server/queries/proxies.ts'
import { requireRole } from './context.ts'
import { jsonBody, MeshQuery, newRoutes, ok } from './routes.ts'

const ask = createRoute({
  method: 'post',
  path: '/proxies/{id}/questions',
  tags: ['Proxies'],
  summary: 'Ask a proxy what it runs now, through its sidecar; to set how much it logs needs the role operator',
  request: { params: z.object({ id: z.string().min(1).max(253) }), query: MeshQuery, ...jsonBody(ProxyQuestion) },
  responses: ok(ProxyAnswer, 'Its answer, after its next heartbeat: within two seconds, mostly'),
})

export const proxyQuestions = newRoutes().openapi(ask, async (c) => {
  const caller = requireRole(c, 'viewer')
  const { id } = c.req.valid('param')
  const question = c.req.valid('json')
  const isChange = question.about === 'log' && question.level !== null
  if (isChange) requireRole(c, 'operator')
  const { db, mesh } = c.var
  const [proxy] = await readProxies(db, mesh, { limit: 1, id })
  if (!proxy) throw new MeshError('not_found', `there is no proxy “${id}”`)
  if (proxy.state === 'disconnected') throw new MeshError('unavailable', `${id} is away since ${proxy.lastSeen}; what it took last is listed with its resources`)
  const by = caller.name
  if (isChange) await recordAudit(db.pool, { mesh, actor: by, action: 'proxy.log', target: id, result: 'ok', detail: { level: question.level } })
  return c.json(await askProxy(db, { mesh, proxy: id, question, by }), 200)
})
