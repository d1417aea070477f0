// What is taken out of telemetry before it is stored.
import { createRoute } from '@hono/zod-openapi'
import { Redaction, RedactionTrial, RedactionTrialResult } from '#server/contracts/redaction.ts'
import { recordAudit } from '#server/db/audit.ts'
import { inTransaction } from '#server/db/pool.ts'
import { readRedaction, writeRedaction } from '#server/queries/redaction.ts'
import { compileRedaction, redactText } from '#server/redact/redactor.ts'
import { requireRole } from './context.ts'
import { jsonBody, MeshQuery, newRoutes, ok } from './routes.ts'

const tags = ['Telemetry']
const read = createRoute({ method: 'get', path: '/redaction', tags, summary: 'What is taken out of telemetry before it is stored', request: { query: MeshQuery }, responses: ok(Redaction, 'The rules') })
const write = createRoute({
  method: 'put',
  path: '/redaction',
  tags,
  summary: 'Set the rules; every collector follows within two seconds, and what is stored already stays as it is',
  request: { query: MeshQuery, ...jsonBody(Redaction) },
  responses: ok(Redaction, 'The rules'),
})
const attempt = createRoute({
  method: 'post',
  path: '/redaction/try',
  tags,
  summary: 'A text as it would be stored, by the rules given or by those in force; nothing is kept of it',
  request: { query: MeshQuery, ...jsonBody(RedactionTrial) },
  responses: ok(RedactionTrialResult, 'The text with its marks'),
})

export const redaction = newRoutes()
  .openapi(read, async (c) => {
    requireRole(c, 'viewer')
    return c.json(await readRedaction(c.var.db, c.var.mesh), 200)
  })
  .openapi(write, async (c) => {
    const caller = requireRole(c, 'admin')
    const wanted = c.req.valid('json')
    compileRedaction(wanted)
    const before = await readRedaction(c.var.db, c.var.mesh)
    await inTransaction(c.var.db.pool, async (client) => {
      await writeRedaction(client, c.var.mesh, wanted)
      await recordAudit(client, { mesh: c.var.mesh, actor: caller.name, action: 'redaction.set', target: 'redaction', result: 'ok', detail: { before, after: wanted } })
    })
    return c.json(wanted, 200)
  })
  .openapi(attempt, async (c) => {
    requireRole(c, 'viewer')
    const { text, rules } = c.req.valid('json')
    const redactor = compileRedaction(rules ?? (await readRedaction(c.var.db, c.var.mesh)))
    const { text: stored, found } = redactText(redactor, text)
    return c.json({ text: stored, found: Object.fromEntries(found), costly: [...redactor.costly] }, 200)
  })
