import { Readable } from 'node:stream'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { AuditEntry } from '#server/contracts/security.ts'
import { readAudit, type AuditFilter } from '#server/queries/audit.ts'
import { requireRole, type ApiContext } from './context.ts'
import { ListQuery, listOf, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const EXPORT_ROWS = 5000

const list = createRoute({
  method: 'get',
  path: '/audit',
  tags: ['Audit'],
  summary: 'Who did what, newest first; as a page, or all of it as CSV or NDJSON',
  request: {
    query: ListQuery.extend({
      actor: z.string().max(400).optional(),
      /** An action, or the first part of some: `token` is also `token.create`. */
      action: z.string().max(200).optional(),
      result: AuditEntry.shape.result.optional(),
      from: z.iso.datetime({ offset: true }).optional(),
      to: z.iso.datetime({ offset: true }).optional(),
      format: z.enum(['json', 'csv', 'ndjson']).default('json'),
    }),
  },
  responses: ok(listOf(AuditEntry), 'A page of the log'),
})

export const audit = newRoutes().openapi(list, async (c) => {
  requireRole(c, 'admin')
  const { limit, continue: cursor, actor, action, result, from, to, format } = c.req.valid('query')
  const before = readCursor(cursor, z.tuple([z.number().int()]))?.[0] ?? null
  const filter: AuditFilter = { before, actor, action, result, from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined }
  if (format !== 'json') return exported(c, filter, format)
  const found = await readAudit(c.var.db, c.var.mesh, filter, limit + 1)
  const items = found.slice(0, limit)
  const last = found.length > limit ? items.at(-1) : undefined
  return c.json({ items, metadata: { continue: last ? writeCursor([last.seq]) : null, resourceVersion: String(items[0]?.seq ?? 0) } }, 200)
})

/** Streams page by page, so that the size of the log is not the size of our memory. Typed as no answer: a file is not for the typed client. */
function exported(c: ApiContext, filter: AuditFilter, format: 'csv' | 'ndjson'): never {
  const { db, mesh } = c.var
  async function* lines() {
    if (format === 'csv') yield Buffer.from('seq,at,actor,action,target,result,detail\r\n')
    for (let { before } = filter; ; ) {
      const rows = await readAudit(db, mesh, { ...filter, before }, EXPORT_ROWS)
      yield Buffer.from(rows.map((row) => (format === 'csv' ? csvLine(row) : `${JSON.stringify(row)}\n`)).join(''))
      if (rows.length < EXPORT_ROWS) return
      before = rows.at(-1)!.seq // as many rows as asked for, so there is a last
    }
  }
  const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson'
  const headers = { 'content-type': type, 'content-disposition': `attachment; filename="heddle-audit.${format}"` }
  return new Response(Readable.toWeb(Readable.from(lines())) as ReadableStream, { headers }) as never // Node's web stream is the web's
}

export function csvLine(row: AuditEntry): string {
  return `${[row.seq, row.at, row.actor, row.action, row.target, row.result, JSON.stringify(row.detail)].map(csvCell).join(',')}\r\n`
}

/** Quoted; what a spreadsheet would run as a formula is told to be text. https://owasp.org/www-community/attacks/CSV_Injection */
function csvCell(value: string | number): string {
  const text = String(value)
  const safe = typeof value === 'string' && /^\s*[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}
