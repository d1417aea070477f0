import { ScrapeTargets, type ScrapeStatus, type ScrapeTarget } from '#server/contracts/scrape.ts'
import type { Db } from '#server/db/client.ts'
import type { PoolClient } from '#server/db/pool.ts'

const KEY = 'scrape'
/** Beyond its intervals, for a collector that begins. */
const GRACE_MS = 10_000

/** Which proxies of other meshes are scraped; none until somebody says so. */
export async function readScrapeTargets(db: Db, mesh: string): Promise<ScrapeTarget[]> {
  const row = await db.prisma.setting.findUnique({ where: { mesh_key: { mesh, key: KEY } } })
  return ScrapeTargets.parse(row?.value ?? { items: [] }).items
}

/** Collectors read it every second. */
export async function writeScrapeTargets(client: PoolClient, mesh: string, targets: ScrapeTargets): Promise<void> {
  await client.query('insert into setting (mesh, key, value) values ($1, $2, $3) on conflict (mesh, key) do update set value = $3, changed_at = now()', [mesh, KEY, JSON.stringify(targets)])
}

type Row = Omit<ScrapeStatus, 'state' | 'scrapedAt' | 'succeededAt'> & { url: string; scrapedAt: Date; succeededAt: Date | null }

/** How each target fares, in the order of the targets. */
export async function readScrapeStatuses(db: Db, mesh: string, nowMs = Date.now()): Promise<ScrapeStatus[]> {
  const { rows } = await db.pool.query<Row>(
    `select name, url, scraped_at as "scrapedAt", succeeded_at as "succeededAt", error, duration_ms as "durationMs", bytes, series, edges, refused from telemetry.scrape where mesh = $1 limit 1000`,
    [mesh],
  )
  return (await readScrapeTargets(db, mesh)).map((target) => {
    const row = rows.find(({ name, url }) => name === target.name && url === target.url)
    if (!row) return { name: target.name, state: 'waiting', scrapedAt: null, succeededAt: null, error: null, durationMs: 0, bytes: 0, series: 0, edges: 0, refused: {} }
    const { name, error, durationMs, bytes, series, edges, refused } = row
    const unattended = nowMs - row.scrapedAt.getTime() > target.intervalSeconds * 3000 + GRACE_MS
    return { name, state: unattended ? 'unattended' : error === null ? 'up' : 'down', scrapedAt: row.scrapedAt.toISOString(), succeededAt: row.succeededAt?.toISOString() ?? null, error, durationMs, bytes, series, edges, refused }
  })
}
