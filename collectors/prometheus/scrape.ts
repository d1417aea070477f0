// One scrape of one target: what it said last and what grew since are committed together.
import { MeshError, messageOf } from '#server/contracts/errors.ts'
import { SCRAPE_LIMITS, type ScrapeTarget } from '#server/contracts/scrape.ts'
import { inTransaction } from '#server/db/pool.ts'
import { fetchOutside, type Outside } from '#server/fetch/fetch.ts'
import { addDelta } from '../metrics/write.ts'
import { Tally } from '../rollup/counts.ts'
import { addDeltas, type EdgeStore } from '../rollup/edge-deltas.ts'
import { ACCEPT, readExposition, type Exposition } from './exposition.ts'
import { growth, packState, unpackState } from './grown.ts'

export interface ScrapeRun {
  store: EdgeStore
  outside: Outside
  mesh: string
}

/** Failures of the target become its state; throws when the store does not take it. Answers how many series counted. */
export async function scrape({ store, outside, mesh }: ScrapeRun, target: ScrapeTarget): Promise<number> {
  const beganMs = Date.now()
  try {
    const { body, headers, status } = await fetchOutside(outside, target.url, { headers: { accept: ACCEPT }, bytesMax: SCRAPE_LIMITS.bytesMax, timeoutMs: Math.min(SCRAPE_LIMITS.timeoutMs, target.intervalSeconds * 1000) })
    if (status !== 200) throw new MeshError('unavailable', `it answers ${status}`)
    const exposition = await readExposition(body, headers['content-type'] ?? '', mesh, target)
    await commit({ store, outside, mesh }, target, exposition, { beganMs, bytes: body.length })
    return exposition.series.size
  } catch (error) {
    // What the target did wrong is a MeshError; all else is the store's.
    if (!(error instanceof MeshError)) throw error
    await store.pool.query(FAILED, [mesh, target.name, target.url, new Date(beganMs), messageOf(error).slice(0, 500), Date.now() - beganMs])
    return 0
  }
}

async function commit({ store, mesh }: ScrapeRun, target: ScrapeTarget, exposition: Exposition, { beganMs, bytes }: { beganMs: number; bytes: number }): Promise<void> {
  await inTransaction(store.pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 7232914))', [`${mesh} ${target.name}`])
    const { rows } = await client.query<{ state: Buffer | null }>('select state from telemetry.scrape where mesh = $1 and name = $2 and url = $3', [mesh, target.name, target.url])
    const before = unpackState(rows[0]?.state ?? null)
    if (before !== null && before.atMs >= beganMs) return // another collector, which led a moment ago, was here later
    const { state, edges, refused } = growth(before, exposition, beganMs)
    const tally = new Tally()
    for (const { edge, delta } of edges) addDelta(tally, edge, delta, beganMs, beganMs)
    await addDeltas(client, store, tally.changes())
    const counted = Object.fromEntries([...exposition.refused, ...refused])
    await client.query(SUCCEEDED, [mesh, target.name, target.url, new Date(beganMs), Date.now() - beganMs, bytes, exposition.series.size, exposition.edges, JSON.stringify(counted), packState(state)])
  })
}

const FAILED = `
  insert into telemetry.scrape as known (mesh, name, url, scraped_at, error, duration_ms, bytes, series, edges, refused) values ($1, $2, $3, $4, $5, $6, 0, 0, 0, '{}')
  on conflict (mesh, name) do update set url = excluded.url, scraped_at = excluded.scraped_at, error = excluded.error, duration_ms = excluded.duration_ms,
    succeeded_at = case when known.url = excluded.url then known.succeeded_at end, state = case when known.url = excluded.url then known.state end`

const SUCCEEDED = `
  insert into telemetry.scrape (mesh, name, url, scraped_at, succeeded_at, duration_ms, bytes, series, edges, refused, state) values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9::jsonb, $10)
  on conflict (mesh, name) do update set url = excluded.url, scraped_at = excluded.scraped_at, succeeded_at = excluded.succeeded_at, error = null, duration_ms = excluded.duration_ms,
    bytes = excluded.bytes, series = excluded.series, edges = excluded.edges, refused = excluded.refused, state = excluded.state`
