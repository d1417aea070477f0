import type { Pool } from '#server/db/pool.ts'
import { keyOfEdge, type EdgeKey } from './counts.ts'

const KNOWN_MAX = 50_000

export interface EdgeIds {
  /** Numbers by `keyOfEdge`; makes those that are new, at once and outside of any transaction: a number given out stays true. */
  of(edges: readonly EdgeKey[]): Promise<ReadonlyMap<string, number>>
}

export function openEdgeIds(pool: Pool): EdgeIds {
  const known = new Map<string, number>()
  return {
    async of(edges) {
      const missing = new Map<string, EdgeKey>()
      for (const edge of edges) if (!known.has(keyOfEdge(edge))) missing.set(keyOfEdge(edge), edge)
      if (missing.size === 0) return known
      if (known.size + missing.size > KNOWN_MAX) known.clear()
      const all = known.size === 0 ? new Map(edges.map((edge) => [keyOfEdge(edge), edge])) : missing
      for (const [key, id] of await findOrMake(pool, [...all.values()])) known.set(key, id)
      return known
    },
  }
}

async function findOrMake(pool: Pool, edges: readonly EdgeKey[]): Promise<[string, number][]> {
  const columns = [
    edges.map((edge) => edge.mesh),
    edges.map((edge) => edge.source),
    edges.map((edge) => edge.sourceVersion),
    edges.map((edge) => edge.target),
    edges.map((edge) => edge.targetVersion),
    edges.map((edge) => edge.protocol),
  ]
  const given = 'unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as given (mesh, source, source_version, target, target_version, protocol)'
  const find = `select id, mesh, source, source_version as "sourceVersion", target, target_version as "targetVersion", protocol
    from telemetry.edge join ${given} using (mesh, source, source_version, target, target_version, protocol)`
  let { rows } = await pool.query<EdgeKey & { id: number }>(find, columns)
  if (rows.length < edges.length) {
    await pool.query(`insert into telemetry.edge (mesh, source, source_version, target, target_version, protocol) select * from ${given} order by 1, 2, 3, 4, 5, 6 on conflict do nothing`, columns)
    rows = (await pool.query<EdgeKey & { id: number }>(find, columns)).rows
  }
  return rows.map((row) => [keyOfEdge(row), row.id])
}
