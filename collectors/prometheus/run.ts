// Scrapes every target at its interval, for as long as this process leads.
import { setTimeout as sleep } from 'node:timers/promises'
import { ScrapeTargets, type ScrapeTarget } from '#server/contracts/scrape.ts'
import { CHANNELS } from '#server/db/listen.ts'
import type { Outside } from '#server/fetch/fetch.ts'
import type { EdgeStore } from '../rollup/edge-deltas.ts'
import { scrape } from './scrape.ts'

const LOOK_MS = 1000
const AT_ONCE_MAX = 4

/** Ends when `signal` aborts and the scrapes that run are over. */
export async function keepScraping(store: EdgeStore, outside: Outside, signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
  const dueMs = new Map<string, number>()
  const running = new Map<string, Promise<void>>()
  while (!signal.aborted) {
    const targets = await readTargets(store).catch((error: unknown) => {
      if (!signal.aborted) onError(error)
      return []
    })
    for (const { mesh, target } of targets) {
      const key = JSON.stringify([mesh, target])
      if (running.has(key) || running.size >= AT_ONCE_MAX || (dueMs.get(key) ?? 0) > Date.now()) continue
      dueMs.set(key, Date.now() + target.intervalSeconds * 1000)
      running.set(key, attend(mesh, target).finally(() => running.delete(key)))
    }
    for (const key of dueMs.keys()) if (!targets.some(({ mesh, target }) => JSON.stringify([mesh, target]) === key)) dueMs.delete(key)
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {}) // woken by the end of the leadership
  }
  await Promise.all(running.values())

  async function attend(mesh: string, target: ScrapeTarget): Promise<void> {
    try {
      const counted = await scrape({ store, outside, mesh }, target)
      if (counted > 0) await store.pool.query('select pg_notify($1, json_build_object($2::text, $3::text)::text)', [CHANNELS.telemetry, 'mesh', mesh])
    } catch (error) {
      if (!signal.aborted) onError(error)
    }
  }
}

/** Also forgets what is no target any more. */
async function readTargets({ pool }: EdgeStore): Promise<{ mesh: string; target: ScrapeTarget }[]> {
  const { rows } = await pool.query<{ mesh: string; value: unknown }>(`select mesh, value from setting where key = 'scrape'`)
  const targets = rows.flatMap(({ mesh, value }) => ScrapeTargets.parse(value).items.map((target) => ({ mesh, target })))
  await pool.query('delete from telemetry.scrape where not exists (select 1 from unnest($1::text[], $2::text[]) as kept (mesh, name) where kept.mesh = scrape.mesh and kept.name = scrape.name)', [targets.map(({ mesh }) => mesh), targets.map(({ target }) => target.name)])
  return targets
}
