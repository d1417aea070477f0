// Proxies' exports in one transaction: last values forward, what grew into the buckets. A kill between loses and doubles nothing.
import { inTransaction, type PoolClient } from '#server/db/pool.ts'
import { addDeltas, type EdgeStore } from '../rollup/edge-deltas.ts'
import { BUCKET_MS, COUNTS, EVIDENCE, Tally, type EdgeKey } from '../rollup/counts.ts'
import { advance, spread, type Delta } from './deltas.ts'
import type { ProxyFlush, Reading } from './flush.ts'

/** A proxy's clock further off than this is not used to place counts. */
const CLOCK_MS = 60_000
const SPREAD_MAX_MS = 3_600_000
export const CLIENTS = 'external/clients'

/** When this returns the counts are committed. */
export async function writeFlushes(store: EdgeStore, flushes: readonly ProxyFlush[]): Promise<void> {
  const byProxy = Map.groupBy(flushes, (flush) => `${flush.mesh}\0${flush.proxy}`)
  await inTransaction(store.pool, async (client) => {
    const tally = new Tally()
    for (const key of [...byProxy.keys()].sort()) {
      const ordered = byProxy.get(key)!.sort((a, b) => timeOf(a) - timeOf(b)) // a key of this map
      await forward(client, ordered, tally)
    }
    await addDeltas(client, store, tally.changes())
  })
}

/** All of these are of one proxy, oldest first. */
async function forward(client: PoolClient, flushes: readonly ProxyFlush[], tally: Tally): Promise<void> {
  const { mesh, proxy } = flushes[0]! // a group has a member
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 7232913))', [`${mesh} ${proxy}`])
  const { rows } = await client.query<{ scope: string; state: Reading }>('select scope, state from telemetry.proxy_counter where mesh = $1 and proxy = $2', [mesh, proxy])
  const states = new Map(rows.map((row) => [row.scope, row.state]))
  const changed = new Map<string, Reading>()
  let lastMs = states.get(PROXY)?.timeMs ?? 0
  for (const flush of flushes) {
    for (const [scope, reading] of flush.readings) {
      const before = states.get(scope) ?? null
      const { state, delta } = advance(before, reading, before !== null && lastMs > before.timeMs)
      if (delta === null) continue
      states.set(scope, state)
      changed.set(scope, state)
      const edge = edgeOf(flush, scope)
      if (edge) addDelta(tally, edge, delta, reading.timeMs, flush.receivedMs)
    }
    lastMs = Math.max(lastMs, timeOf(flush))
  }
  changed.set(PROXY, { start: 0, timeMs: lastMs, values: {}, bounds: [], counts: [] })
  await client.query(
    `insert into telemetry.proxy_counter (mesh, proxy, scope, state) select $1, $2, scope, state::jsonb from unnest($3::text[], $4::text[]) as fresh (scope, state)
     on conflict (mesh, proxy, scope) do update set state = excluded.state, seen_at = now()`,
    [mesh, proxy, [...changed.keys()], [...changed.values()].map((state) => JSON.stringify(state))],
  )
}

/** The scope that keeps when the proxy last spoke. */
const PROXY = ''

function timeOf(flush: ProxyFlush): number {
  return Math.max(0, ...[...flush.readings.values()].map((reading) => reading.timeMs))
}

/** Caller and its version are the proxy's own; callee and its version are in the cluster's name, where dots of a version are “_”. */
function edgeOf(flush: ProxyFlush, scope: string): EdgeKey | null {
  const self = `agent/${flush.namespace}/${flush.agent}`
  if (scope === 'gateway') return { mesh: flush.mesh, source: CLIENTS, sourceVersion: '', target: self, targetVersion: flush.version, protocol: '' }
  const [, namespace, agent, version] = scope.split('/')
  if (!namespace || !agent || !version) return null
  return { mesh: flush.mesh, source: self, sourceVersion: flush.version, target: `agent/${namespace}/${agent}`, targetVersion: version.replaceAll('_', '.'), protocol: '' }
}

/** Counts of a long silence are spread over it: the sum is exact, and a chart shows no peak that never was. */
export function addDelta(tally: Tally, edge: EdgeKey, delta: Delta, proxyMs: number, receivedMs: number): void {
  const endMs = Math.abs(proxyMs - receivedMs) < CLOCK_MS ? proxyMs : receivedMs
  const sinceMs = delta.sinceMs === null ? endMs : Math.max(endMs - SPREAD_MAX_MS, endMs - Math.max(0, proxyMs - delta.sinceMs))
  const parts = endMs - sinceMs < 2 * BUCKET_MS ? 1 : Math.ceil((endMs - sinceMs) / BUCKET_MS)
  const moments = Array.from({ length: parts }, (_, part) => endMs - (parts - 1 - part) * BUCKET_MS)
  const entries = moments.map((timeMs) => tally.at(edge, EVIDENCE.mesh, timeMs))
  for (const name of COUNTS) spread(delta.counts[name], parts).forEach((count, part) => (entries[part]![name] += count)) // one part an entry
  for (const [index, count] of delta.latency) {
    spread(count, parts).forEach((share, part) => {
      const { latency } = entries[part]! // as above
      if (share > 0) latency.set(index, (latency.get(index) ?? 0) + share)
    })
  }
}
