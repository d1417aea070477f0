// Proxies of other meshes whose metrics collectors read. docs/other-meshes.md
import { createRoute } from '@hono/zod-openapi'
import { ScrapeStatus, ScrapeTargets, type ScrapeTarget } from '#server/contracts/scrape.ts'
import { recordAudit } from '#server/db/audit.ts'
import { inTransaction } from '#server/db/pool.ts'
import { readScrapeStatuses, readScrapeTargets, writeScrapeTargets } from '#server/queries/scrape.ts'
import { requireRole, roleCovers } from './context.ts'
import { jsonBody, listOf, MeshQuery, newRoutes, ok } from './routes.ts'

const tags = ['Telemetry']
const read = createRoute({ method: 'get', path: '/scrape-targets', tags, summary: 'Proxies of other meshes that are scraped; the query of a URL is for admins to read', request: { query: MeshQuery }, responses: ok(ScrapeTargets, 'The targets') })
const write = createRoute({ method: 'put', path: '/scrape-targets', tags, summary: 'Set what is scraped; a collector begins within seconds, and the first scrape counts nothing', request: { query: MeshQuery, ...jsonBody(ScrapeTargets) }, responses: ok(ScrapeTargets, 'The targets') })
const status = createRoute({ method: 'get', path: '/scrape-targets/status', tags, summary: 'How the last scrape of each went', request: { query: MeshQuery }, responses: ok(listOf(ScrapeStatus), 'One a target') })

export const scrape = newRoutes()
  .openapi(read, async (c) => {
    const caller = requireRole(c, 'viewer')
    const items = await readScrapeTargets(c.var.db, c.var.mesh)
    return c.json({ items: roleCovers(caller.role, 'admin') ? items : items.map(withoutQuery) }, 200)
  })
  .openapi(write, async (c) => {
    const caller = requireRole(c, 'admin')
    const wanted = c.req.valid('json')
    const before = await readScrapeTargets(c.var.db, c.var.mesh)
    await inTransaction(c.var.db.pool, async (client) => {
      await writeScrapeTargets(client, c.var.mesh, wanted)
      await recordAudit(client, { mesh: c.var.mesh, actor: caller.name, action: 'scrape-targets.set', target: 'scrape-targets', result: 'ok', detail: { before: before.map(withoutQuery), after: wanted.items.map(withoutQuery) } })
    })
    return c.json(wanted, 200)
  })
  .openapi(status, async (c) => {
    requireRole(c, 'viewer')
    return c.json({ items: await readScrapeStatuses(c.var.db, c.var.mesh), metadata: { continue: null, resourceVersion: '' } }, 200)
  })

/** A query may hold a key. */
function withoutQuery(target: ScrapeTarget): ScrapeTarget {
  const url = new URL(target.url)
  return url.search === '' ? target : { ...target, url: `${url.origin}${url.pathname}` }
}
