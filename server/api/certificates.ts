import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Certificates } from '#server/contracts/security.ts'
import { revokeCertificate } from '#server/identity/revoke.ts'
import { readCertificates } from '#server/queries/certificates.ts'
import { requireRole } from './context.ts'
import { jsonBody, MeshQuery, newRoutes, ok } from './routes.ts'

const tags = ['Security']

const list = createRoute({
  method: 'get',
  path: '/certificates',
  tags,
  summary: 'Authorities and identities, with the share of life left',
  request: { query: MeshQuery },
  responses: ok(Certificates, 'Certificates, never a key'),
})
const revoke = createRoute({
  method: 'post',
  path: '/certificates/{serial}/revoke',
  tags,
  summary: 'Refuse the identity of a certificate everywhere, within seconds',
  request: { params: z.object({ serial: z.string().regex(/^[0-9a-f]{1,40}$/) }), query: MeshQuery, ...jsonBody(z.strictObject({ reason: z.string().min(1).max(500) })) },
  responses: ok(z.object({ serial: z.string() }), 'Revoked'),
})

export const certificates = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    return c.json(await readCertificates(c.var.db, c.var.mesh), 200)
  })
  .openapi(revoke, async (c) => {
    const caller = requireRole(c, 'admin')
    const { serial } = c.req.valid('param')
    await revokeCertificate(c.var.db, { mesh: c.var.mesh, serial, reason: c.req.valid('json').reason, by: caller.name })
    return c.json({ serial }, 200)
  })
