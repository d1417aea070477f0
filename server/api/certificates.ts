import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { CertificateAuthority, Svid } from '#server/contracts/security.ts'
import { revokeCertificate } from '#server/identity/revoke.ts'
import { readCertificates } from '#server/queries/certificates.ts'
import { requireRole } from './context.ts'
import { jsonBody, ListQuery, listOf, MeshQuery, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['Security']

const list = createRoute({
  method: 'get',
  path: '/certificates',
  tags,
  summary: 'Authorities and identities, with the share of life left',
  request: { query: ListQuery },
  responses: ok(listOf(Svid).extend({ authorities: z.array(CertificateAuthority) }), 'Every authority and a page of identities by proxy, never a key'),
})
const revoke = createRoute({
  method: 'post',
  path: '/certificates/{serial}/revoke',
  tags,
  summary: 'Refuse the agent of a certificate everywhere, within seconds, with every proxy that has its identity',
  request: { params: z.object({ serial: z.string().regex(/^[0-9a-f]{1,40}$/) }), query: MeshQuery, ...jsonBody(z.strictObject({ reason: z.string().min(1).max(500) })) },
  responses: ok(
    z.object({
      serial: z.string(),
      proxy: z.string().describe('Control refuses it until a new join token lets it in'),
      spiffeId: z.string().describe('Every peer refuses the calls of this identity, whichever proxy they come from'),
      refusedUntil: z.string().nullable().describe('When its last revoked certificate runs out'),
    }),
    'Revoked, and whom that hits',
  ),
})

export const certificates = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor } = c.req.valid('query')
    const after = readCursor(cursor, z.tuple([z.string(), z.string()])) ?? undefined
    const { authorities, items: found } = await readCertificates(c.var.db, c.var.mesh, { limit: limit + 1, after })
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    return c.json({ authorities, items, metadata: { continue: last ? writeCursor([last.proxy, last.serial]) : null, resourceVersion: '0' } }, 200)
  })
  .openapi(revoke, async (c) => {
    const caller = requireRole(c, 'admin')
    const { serial } = c.req.valid('param')
    const revoked = await revokeCertificate(c.var.db, { mesh: c.var.mesh, serial, reason: c.req.valid('json').reason, by: caller.name })
    return c.json({ serial, ...revoked }, 200)
  })
